// Decides nothing: tells what scopes and rules want of a call, and what of that a caller has, for `explain`. Of the claims of a token only
// those that a rule reads.
import type { Endpoint } from '../core/endpoint.js';
import type { Values } from '../core/explanation.js';
import type { Caller } from '../core/principal.js';
import type { Requirements } from './requirements.js';
import { hasClaim } from './rules.js';
import { checkScope } from './scope.js';

/** `needs`: null where no rule says anything of it. A caller that is null is not known. */
export function callValues(
  caller: Caller | null,
  endpoint: Endpoint,
  tool: string | null,
  needs: Requirements | null,
): { readonly observed: Values; readonly expected: Values } {
  const { denialDetail = null, scopes = endpoint.scopes, claims = [] } = needs ?? {};
  const values = new Map<string, unknown[]>();
  for (const { claim, has } of claims)
    values.set(`claim ${claim}`, [...(values.get(`claim ${claim}`) ?? []), has]);
  const wanted = [...values].map(([name, all]) => [name, all.length === 1 ? all[0] : all]);
  const expected = {
    ...(tool === null ? {} : { tool }),
    scopes,
    ...Object.fromEntries(wanted),
    ...(denialDetail === null ? {} : { 'nobody may use it': denialDetail }),
  };
  if (caller === null || caller.kind === 'pass-through') return { observed: {}, expected };
  const held = claims.map(({ claim }) => [
    `claim ${claim}`,
    Object.hasOwn(caller.claims, claim) ? caller.claims[claim] : 'absent',
  ]);
  const lacks = [
    ...scopes
      .filter((scope) => checkScope(caller, endpoint, [scope]) !== null)
      .map((scope) => `scope ${scope}`),
    ...claims
      .filter((rule) => !hasClaim(rule, caller.claims))
      .map(({ claim, has }) => `claim ${claim} ${has}`),
  ];
  return {
    observed: {
      scopes: caller.scopes,
      ...Object.fromEntries(held),
      lacks: lacks.length === 0 ? 'nothing' : lacks,
    },
    expected,
  };
}
