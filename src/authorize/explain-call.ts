// Lists the scopes and claims that a call requires and those that the caller has, for `explain`. It
// shows only claims that a rule reads, never all claims of a token.
import type { Endpoint } from '../core/endpoint.js';
import type { Values } from '../core/explanation.js';
import type { Caller } from '../core/principal.js';
import type { Requirements } from './requirements.js';
import { hasClaim } from './rules.js';
import { missingScope } from './scope.js';

/**
 * `requirements`: null if no rule is about the tool. `caller`: null if it is unknown, for example
 * because no authenticator has verified it.
 */
export function callValues(
  caller: Caller | null,
  endpoint: Endpoint,
  tool: string | null,
  requirements: Requirements | null,
): { readonly observed: Values; readonly expected: Values } {
  const { denialDetail = null, scopes = endpoint.scopes, claims = [] } = requirements ?? {};
  const values = new Map<string, unknown[]>();
  for (const { claim, has } of claims)
    values.set(`claim ${claim}`, [...(values.get(`claim ${claim}`) ?? []), has]);
  const required = [...values].map(([name, all]) => [name, all.length === 1 ? all[0] : all]);
  const expected = {
    ...(tool === null ? {} : { tool }),
    scopes,
    ...Object.fromEntries(required),
    ...(denialDetail === null ? {} : { denied: denialDetail }),
  };
  if (caller === null || caller.kind === 'pass-through') return { observed: {}, expected };
  const present = claims.map(({ claim }) => [
    `claim ${claim}`,
    Object.hasOwn(caller.claims, claim) ? caller.claims[claim] : 'absent',
  ]);
  const lacks = [
    ...scopes
      .filter((scope) => missingScope(caller, endpoint, [scope]) !== null)
      .map((scope) => `scope ${scope}`),
    ...claims
      .filter((rule) => !hasClaim(rule, caller.claims))
      .map(({ claim, has }) => `claim ${claim} ${has}`),
  ];
  return {
    observed: {
      scopes: caller.scopes,
      ...Object.fromEntries(present),
      lacks: lacks.length === 0 ? 'nothing' : lacks,
    },
    expected,
  };
}
