// Finds the fix where the gateway has no credential or no header for the upstream. It only
// proposes, as explain-fix.ts does.
import { basename } from 'node:path';
import {
  canLoad,
  endpointChange,
  type WrittenConfig,
  writtenEndpoint,
} from '../config/written-config.js';
import { type ApiKey, headerText } from '../core/api-key.js';
import type { Endpoint } from '../core/endpoint.js';
import type { Explanation, ExplanationFix } from '../core/explanation.js';
import type { Failure } from '../core/failure.js';
import { claimMissing, exchangeRefused } from '../core/failures.js';
import { isObject } from '../core/json.js';
import type { Caller, Principal } from '../core/principal.js';
import type { UpstreamHeader } from '../core/upstream-credential.js';
import { ABSENT, createIdentityHeaders, NOT_TEXT } from '../proxy/identity-headers.js';
import { exchangeFix } from './explain-exchange-fix.js';
import { noChange } from './explain-fix-context.js';
import { UPSTREAM } from './explain-upstream.js';
import { templateText } from './upstream-values.js';

interface UpstreamFixContext {
  readonly written: WrittenConfig;
  readonly endpoint: Endpoint;
  readonly apiKeysFile: string | null;
}

type Template = Extract<UpstreamHeader, { kind: 'template' }>;

/** The name of the header as the operator wrote it. */
function writtenName({ written, endpoint }: UpstreamFixContext, lower: string): string {
  const { upstream } = writtenEndpoint(written, endpoint.name);
  const headers = isObject(upstream) && isObject(upstream.headers) ? upstream.headers : {};
  return Object.keys(headers).find((name) => name.toLowerCase() === lower) ?? headerText(lower);
}

/** True where the operator probably means a claim inside another, such as realm_access.roles. */
function isInside(claim: string, claims: Principal['claims']): boolean {
  const parts = claim.split('.');
  return parts.some((_, i) => i > 0 && isObject(ownClaim(claims, parts.slice(0, i).join('.'))));
}

const ownClaim = (claims: Principal['claims'], name: string): unknown =>
  Object.hasOwn(claims, name) ? claims[name] : undefined;

/** Where the fact of a header comes from. */
function sourceOf({ fact, claim }: Template, { key, kind, claims }: Principal): string {
  if (key !== null && fact === 'claim') return 'an API key has no claims';
  if (key !== null && fact === 'issuer') return 'an API key has no issuer';
  if (key !== null) return `write ${fact} in the entry of the key ${key.name}`;
  if (fact === 'subject' && kind === 'token')
    return 'the issuer names neither a subject nor a user: let it write sub';
  if (claim !== null && isInside(claim, claims))
    return (
      `a claim inside another cannot be read: let the issuer write ${claim} as a claim of its ` +
      'own, beside sub'
    );
  if (fact === 'claim') return `let the issuer write the claim ${claim} as a text`;
  return fact === 'tenant'
    ? 'let the issuer write the tenant, or write its claim in claims.tenant of the issuer'
    : `let the issuer write the ${fact}`;
}

/** The JWT of `kind: identity` has these facts, as they are. It has no claims of the token. */
const IN_THE_JWT: ReadonlySet<string> = new Set(['subject', 'tenant', 'client']);

/** For a value that is present and cannot be written. */
function valueFix(
  name: string,
  { fact, claim }: Template,
  failure: Failure,
  { claims }: Principal,
): string {
  const cannot = `the value for ${name} cannot be written into a header`;
  if (claim !== null && failure.detail?.includes(NOT_TEXT)) {
    const hint = isObject(ownClaim(claims, claim)) ? '. A claim inside it cannot be read' : '';
    return `${cannot}: let the issuer write the claim ${claim} as a text${hint}`;
  }
  const other = IN_THE_JWT.has(fact)
    ? `. Or use kind: identity, whose JWT has the ${fact} as it is`
    : '';
  return (
    `${cannot}: let the issuer write one line of visible ASCII, without spaces around it or two ` +
    `in a row${other}`
  );
}

function headerFix(
  template: Template,
  failure: Failure,
  principal: Principal,
  context: UpstreamFixContext,
): ExplanationFix {
  const name = writtenName(context, template.name);
  const source = sourceOf(template, principal);
  // An optional header with a bad value rejects too.
  if (!failure.detail?.includes(ABSENT))
    return noChange(valueFix(name, template, failure, principal));
  const optional = templateText({ ...template, isOptional: true }) ?? '';
  return {
    words: `${name} needs a fact that this caller does not have: ${source}. Or make it optional`,
    warning:
      `then the MCP server gets calls without ${name}. It must not treat such a caller as another ` +
      'one, or give it the rights of all',
    change: endpointChange(context.endpoint, { upstream: { headers: { [name]: optional } } }),
  };
}

function claimFix(
  failure: Failure,
  principal: Principal,
  context: UpstreamFixContext,
): ExplanationFix {
  for (const header of context.endpoint.upstreamHeaders) {
    const found = createIdentityHeaders([header])(principal);
    if (!found.ok && header.kind === 'template')
      return headerFix(header, found, principal, context);
  }
  return noChange(
    `${failure.detail}: let the issuer write act as in RFC 8693 section 4.1, an object with sub, ` +
      'iss or client_id',
  );
}

/**
 * An API key is not a token, so nothing can be exchanged or forwarded. The start rejects such an
 * entry of the configuration, so it is one of the file.
 */
function keyFix({ name }: ApiKey, { apiKeysFile }: UpstreamFixContext): ExplanationFix {
  const file = apiKeysFile === null ? 'apiKeysFile' : basename(apiKeysFile);
  return noChange(
    `the key ${name} is not a token, so the MCP server needs a credential for it. Write ` +
      `upstreamAuthorization in the line of ${name} in ${file}, and reload the gateway`,
  );
}

function findFix(
  failure: Failure,
  principal: Principal,
  context: UpstreamFixContext,
): ExplanationFix | null {
  const { definition } = failure;
  if (definition === claimMissing.definition) return claimFix(failure, principal, context);
  if (definition === exchangeRefused.definition && principal.key !== null)
    return keyFix(principal.key, context);
  return exchangeFix(failure, context.endpoint.upstreamCredential);
}

/** Null: the upstream step did not fail, or no setting can help. */
export function upstreamFixFor(
  { steps, failure, caller }: Explanation & { readonly caller: Caller | null },
  context: UpstreamFixContext,
): ExplanationFix | null {
  const step = steps.find(({ state }) => state === 'fail');
  if (step?.name !== UPSTREAM || failure === null) return null;
  if (caller === null || caller.kind === 'pass-through') return null;
  const fix = findFix(failure, caller, context);
  // The operator cannot use a change that the start would reject. The words still help.
  return fix?.change && !canLoad(context.written, fix.change) ? { ...fix, change: null } : fix;
}
