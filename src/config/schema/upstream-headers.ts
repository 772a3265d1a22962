// The schema of `upstream.headers`: headers that the gateway sets at each call of a principal. A
// value is a constant, a reference to a secret, or a text with one fact about the principal.
import { z } from 'zod';
import { templateProblem, VALUE_HINT, valueHint } from './header-template.js';
import { secretReference } from './secret-reference.js';

const NAME_HINT = 'write a header name, such as X-Tenant-Id: letters, digits and -';

/** They concern one connection or the message, or change which request the upstream executes. */
const OF_THE_MESSAGE = new RegExp(
  '^(connection|keep-alive|te|trailer|upgrade|expect|host|via|origin|range|date|max-forwards|' +
    'early-data|http2-settings|cdn-loop|forwarded|(x-)?(http-)?method(-override)?|' +
    'x-(original|rewrite)-.*|content-.*|transfer-.*|proxy-.*|if-.*|sec-.*|access-control-.*)$',
  'i',
);
/** The gateway forwards them from the caller, or sets them by rules of its own. */
const OF_THE_GATEWAY =
  /^(accept.*|user-agent|traceparent|tracestate|baggage|last-event-id|mcp-.*)$/i;
const MESSAGE_HINT = 'this header concerns the message or one connection; choose another name';
const COOKIE = /^(set-)?cookie2?$/i;
/** Servers take X_User for X-User, so another character could spell a header twice. */
const NAME = /^[A-Za-z][A-Za-z0-9-]*$/;

/** `header` of a static credential has the same limit. Null: the name is usable. */
export const messageHeaderProblem = (name: string): string | null =>
  OF_THE_MESSAGE.test(name) ? MESSAGE_HINT : null;

export const isHeaderName = (name: string): boolean => NAME.test(name);

function nameProblem(name: string): string | null {
  if (!isHeaderName(name)) return NAME_HINT;
  if (/^authorization$/i.test(name))
    return 'use upstream.credential for Authorization, and remove it here';
  if (COOKIE.test(name)) return 'a fact with ; in it could add a cookie; choose another header';
  if (OF_THE_GATEWAY.test(name))
    return 'the gateway itself decides about this header; choose another name';
  return messageHeaderProblem(name);
}

const template = z
  .string({ error: VALUE_HINT })
  .refine((value) => templateProblem(value) === null, {
    error: ({ input }) => templateProblem(String(input)) ?? VALUE_HINT,
  });

export const upstreamHeaders = z
  .record(
    z.string().refine((name) => nameProblem(name) === null, {
      error: ({ input }) => nameProblem(String(input)) ?? NAME_HINT,
    }),
    // The message of the first schema counts for a text.
    z.union([template, secretReference], { error: ({ input }) => valueHint(input) }),
    { error: 'write a map of headers, such as { X-Tenant-Id: "{tenant}" }' },
  )
  .default({});

export type UpstreamHeadersInput = z.output<typeof upstreamHeaders>;
