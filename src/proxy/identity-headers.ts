// Writes the headers that tell the upstream who calls, from templates of the operator. Rejects a
// principal that lacks a required fact, before any request (A-43, identity of the caller).
import type { Failure } from '../core/failure.js';
import { claimMissing } from '../core/failures.js';
import { headerLineFlaw, MOST_HEADER_CHARACTERS } from '../core/header-line.js';
import type { Principal } from '../core/principal.js';
import { ok, type Result } from '../core/result.js';
import { SCOPE_TOKEN } from '../core/scope-token.js';
import type { UpstreamHeader } from '../core/upstream-credential.js';

type Template = Extract<UpstreamHeader, { kind: 'template' }>;

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

/** `explain` proposes an optional header for this flaw alone. */
export const ABSENT = 'is absent';
export const NOT_TEXT = 'is not a text';
const TOO_LONG = `makes a header of more than ${MOST_HEADER_CHARACTERS} characters`;

/** A text that a server could read as another, or take apart, is not a fact. */
function flawOf(value: unknown): string | null {
  if (typeof value !== 'string') return NOT_TEXT;
  if (value.length > MOST_HEADER_CHARACTERS) return TOO_LONG;
  return headerLineFlaw(value);
}

const nameOf = ({ fact, claim }: Template): string => (claim === null ? fact : `claim ${claim}`);

const missing = (template: Template, flaw: string): Failure =>
  claimMissing({ detail: `${nameOf(template)} ${flaw}; upstream.headers needs it` });

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
      if (header.fact === 'scopes' && !principal.scopes.every((scope) => SCOPE_TOKEN.test(scope)))
        return missing(header, 'have a character that scopes cannot have (RFC 6749 section 3.3)');
      if (value === null) {
        if (header.isOptional) continue;
        return missing(header, ABSENT);
      }
      // Without the header, the server would take the caller for one that does not have the fact.
      const flaw = flawOf(value);
      if (flaw !== null) return missing(header, flaw);
      const text = `${header.before}${value as string}${header.after}`;
      if (text.length > MOST_HEADER_CHARACTERS) return missing(header, TOO_LONG);
      pairs.push(header.name, text);
    }
    return ok(pairs);
  };
}
