// The schema of `upstream.headers`: headers that the gateway sets at each call of a principal. A
// value is a constant, a reference to a secret, or a text with one fact about the principal.
import { z } from 'zod';
import { secretReference } from './secret-reference.js';

const NAME_HINT = 'write a header name, such as X-Tenant-Id: letters, digits and -';
const VALUE_HINT =
  'write a text such as "{tenant}", with one of {subject} {tenant} {client} {issuer} {scopes} ' +
  '{claim.NAME}; {tenant?} may be absent';

/** They concern one connection or the message, or the gateway sets them by rules of its own. */
const TAKEN = new RegExp(
  '^(authorization|connection|keep-alive|te|trailer|upgrade|expect|host|via|origin|range|date|' +
    'user-agent|traceparent|tracestate|baggage|last-event-id|http2-settings|cdn-loop|' +
    'accept.*|content-.*|transfer-.*|proxy-.*|if-.*|sec-.*|access-control-.*|mcp-.*)$',
  'i',
);

const FACT = /\{(subject|tenant|client|issuer|scopes|claim\.[^{}]*[^{}?])(\??)\}/;
/** Visible ASCII with single spaces inside (RFC 9110 section 5.5). */
const TEXT = /^[\x20-\x7e]*$/;

function textProblem(value: string): string | null {
  if (!TEXT.test(value) || value.trim() !== value || value === '')
    return 'write one line of visible ASCII without spaces around it';
  const [before = '', ...rest] = value.split(FACT);
  const after = rest.length === 0 ? '' : rest.slice(2).join('');
  if (!/[{}]/.test(before + after)) return null;
  // A value could contain the text between two facts, and so move the border between them.
  if (FACT.test(rest.slice(2).join(''))) return 'write one fact in each header';
  return VALUE_HINT;
}

const template = z.string({ error: VALUE_HINT }).refine((value) => textProblem(value) === null, {
  error: ({ input }) => textProblem(String(input)) ?? VALUE_HINT,
});

export const upstreamHeaders = z
  .record(
    z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9-]*$/, { error: NAME_HINT })
      .refine((name) => !TAKEN.test(name), {
        error:
          'the gateway does not set this header here; use upstream.credential for Authorization, ' +
          'and remove others',
      }),
    z.union([secretReference, template], { error: VALUE_HINT }),
    { error: 'write a map of headers, such as { X-Tenant-Id: "{tenant}" }' },
  )
  .default({});

/** The text before the fact, the fact, `?` or nothing, the text after it; null for a constant. */
export const partsOf = (value: string): readonly [string, string, string, string] | null => {
  const found = FACT.exec(value);
  if (found === null) return null;
  const [all, fact, mark] = found as unknown as [string, string, string];
  return [value.slice(0, found.index), fact, mark, value.slice(found.index + all.length)];
};

export type UpstreamHeadersInput = z.output<typeof upstreamHeaders>;
