// Finds changes for tokens whose claims have other names than the configuration expects. That is a
// scope in another claim, a scope with a prefix, or a subject in the claim of the client.
import { USUAL_CLAIMS } from '../core/claim-rules.js';
import type { ExplanationFix } from '../core/explanation.js';
import { type Failed, noChange, ofEndpoint, ofIssuer, union } from './explain-fix-context.js';

/** Claims in which issuers write scopes or permissions. */
const SCOPE_CLAIMS = ['scope', 'scp', 'scopes', 'permissions', 'roles'];

const listOf = (value: unknown): string[] =>
  (typeof value === 'string' ? value.split(' ') : [value].flat()).filter(
    (one): one is string => typeof one === 'string' && one !== '',
  );

/** `api://files/read` for `read`, `files:*` for `files:read`, `Read` for `read`. */
function isBroader(held: string, scope: string): boolean {
  if (held.toLowerCase() === scope.toLowerCase()) return true;
  if (held.endsWith(`/${scope}`) || held.endsWith(`:${scope}`)) return true;
  return /[:/.]\*$/.test(held) && scope.startsWith(held.slice(0, -1));
}

export function scopeFix(failed: Failed): ExplanationFix | null {
  const { observed, expected, claims, issuer, endpoint } = failed;
  const held = listOf(observed.scopes);
  const lacking = listOf(expected.scopes).filter((one) => !held.includes(one));
  const { scopes: read } = issuer?.policy.claims ?? USUAL_CLAIMS;
  const claim = SCOPE_CLAIMS.find((name) => {
    const values = listOf(claims[name]);
    return !read.includes(name) && lacking.every((one) => values.includes(one));
  });
  if (claim !== undefined)
    return {
      words: `the token has these scopes in the claim ${claim}`,
      warning: `then every value of ${claim} in a token of this issuer counts as a scope`,
      change: ofIssuer(failed, { claims: { scopes: union(read, [claim]) } }),
    };
  const broader = lacking.map((scope) => held.find((one) => isBroader(one, scope)));
  if (lacking.length > 0 && broader.every((one) => one !== undefined)) {
    const implied = Object.fromEntries(
      [...new Set(broader)].map((one) => [
        one,
        union(
          endpoint.scopeImplies.get(one) ?? [],
          lacking.filter((_scope, i) => broader[i] === one),
        ),
      ]),
    );
    return {
      words: `the token has ${Object.keys(implied).join(', ')}`,
      warning: 'then the gateway treats such a scope as all scopes that it implies here',
      change: ofEndpoint(failed, { scopeImplies: implied }),
    };
  }
  return noChange(
    `let the client ask for ${lacking.join(' ')}, and let the issuer grant it. If the issuer does ` +
      'not know such a scope, require another one',
  );
}

export function claimsFix(failed: Failed): ExplanationFix | null {
  const { claims, issuer, step } = failed;
  const { subject, client } = issuer?.policy.claims ?? USUAL_CLAIMS;
  const isText = (name: string): boolean => typeof claims[name] === 'string' && claims[name] !== '';
  const isAbsent = subject.every((name) => claims[name] === undefined || claims[name] === null);
  const other = [...client, 'client_id', 'azp', 'uid', 'oid'].find(isText);
  if (step !== 'claims' || !isAbsent || other === undefined) return null;
  return {
    words: `the token has no ${subject.join(' and no ')}, and it has ${other}`,
    warning: `then ${other} is the caller in rules, sessions and the log`,
    change: ofIssuer(failed, { claims: { subject: union(subject, [other]) } }),
  };
}
