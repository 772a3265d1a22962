// Writes the headers that tell the upstream who calls, from templates of the operator. A principal
// that lacks a required fact is rejected before a byte goes out (A-43, identity of the caller).
import type { Failure } from '../core/failure.js';
import { claimMissing } from '../core/failures.js';
import type { Principal } from '../core/principal.js';
import { ok, type Result } from '../core/result.js';
import type { UpstreamHeader } from '../core/upstream-credential.js';

type Template = Extract<UpstreamHeader, { kind: 'template' }>;

/** Visible ASCII with single spaces inside (RFC 9110 section 5.5). No two values look the same. */
const LINE = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/;

/** Absent facts are null. A claim that is null is absent. */
function factOf({ fact, claim }: Template, principal: Principal): unknown {
  switch (fact) {
    case 'subject':
      // The client is not the subject: it has many users.
      return principal.kind === 'token' ? null : principal.subject;
    case 'scopes':
      return principal.scopes.length === 0 ? null : principal.scopes.join(' ');
    case 'claim': {
      const name = claim as string;
      return Object.hasOwn(principal.claims, name) ? (principal.claims[name] ?? null) : null;
    }
    default:
      return principal[fact];
  }
}

const nameOf = ({ fact, claim }: Template): string => (claim === null ? fact : `claim ${claim}`);

const missing = (template: Template, flaw: string): Failure =>
  claimMissing({ detail: `${nameOf(template)} ${flaw}; upstream.headers need it` });

/** Names and values in turn, for one principal. */
export function createIdentityHeaders(
  headers: readonly UpstreamHeader[],
): (principal: Principal) => Result<readonly string[]> {
  return (principal) => {
    const pairs: string[] = [];
    for (const header of headers) {
      if (header.kind === 'constant') {
        pairs.push(header.name, header.value.reveal());
        continue;
      }
      const value = factOf(header, principal);
      if (value === null) {
        if (header.isOptional) continue;
        return missing(header, 'is absent');
      }
      // A value that is present and cannot be written is never left out: the server would take the
      // caller for one without it.
      if (typeof value !== 'string' || !LINE.test(value))
        return missing(header, 'is not one line of visible ASCII');
      pairs.push(header.name, `${header.before}${value}${header.after}`);
    }
    return ok(pairs);
  };
}
