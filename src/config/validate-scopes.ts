// Checks that clients learn which scopes to request: from the challenge, or from the metadata.
import { MAX_SCOPE_CHARACTERS } from '../core/endpoint.js';
import type { Check, PartialEndpoint } from './partial-config.js';
import type { Problem } from './problems.js';
import { impliedScopes } from './resolve-policy.js';

type Scopes = readonly (string | undefined)[];

const isWhole = (scopes: Scopes | undefined): scopes is readonly string[] =>
  scopes !== undefined && !scopes.includes(undefined);

/** The base scopes that no published scope is or includes. */
function unpublished({ scopes, scopesSupported, scopeImplies = {} }: PartialEndpoint): string[] {
  const direct = Object.entries(scopeImplies);
  const areWhole = direct.every((entry): entry is [string, string[]] => isWhole(entry[1]));
  if (!isWhole(scopes) || !isWhole(scopesSupported) || !areWhole) return [];
  const implied = impliedScopes(Object.fromEntries(direct));
  const found = new Set(scopesSupported.flatMap((one) => [one, ...(implied.get(one) ?? [])]));
  return scopes.filter((scope) => !found.has(scope));
}

/** With `none`, clients request what the metadata publishes, and nothing else. */
const clientsFindBaseScopes: Check = ({ endpoints }) =>
  [...endpoints].flatMap(([i, endpoint]): Problem[] => {
    if (endpoint.challengeScopes !== 'none') return [];
    const missing = unpublished(endpoint);
    if (missing.length === 0) return [];
    const message =
      `with none, clients would not learn that each call needs ${missing.join(', ')}; ` +
      'add this to scopesSupported, or write base';
    return [{ path: ['endpoints', i, 'challengeScopes'], message }];
  });

/** With `all`, the challenge is as long as the scopes of all rules. */
const challengeFits: Check = ({ endpoints }) =>
  [...endpoints].flatMap(([i, { challengeScopes, scopes = [], ...kinds }]): Problem[] => {
    if (challengeScopes !== 'all') return [];
    const rules = [kinds.tools, kinds.prompts, kinds.resources].flatMap(
      (kind) => kind?.rules ?? [],
    );
    const all = new Set([...scopes, ...rules.flatMap((rule) => rule?.scopes ?? [])]);
    const { length } = [...all].join(' ');
    if (length <= MAX_SCOPE_CHARACTERS) return [];
    const message =
      `all scopes together have ${length} characters, and ${MAX_SCOPE_CHARACTERS} is the ` +
      'limit of a challenge; write none, so that clients request scopesSupported';
    return [{ path: ['endpoints', i, 'challengeScopes'], message }];
  });

export const scopeChecks: readonly Check[] = [clientsFindBaseScopes, challengeFits];
