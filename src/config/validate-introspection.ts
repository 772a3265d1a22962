// Decides what cannot be right about introspection across fields: modes without an endpoint to ask, tokens that would be shown to a
// stranger, endpoints that would accept each other's tokens (F-02). Every check reports; none repairs.

import { type Check, type Parsed, usersOf } from './parsed.js';
import type { Problem } from './problems.js';
import { misplacedFields } from './resolve-introspection.js';

const opaqueIssuers = ({ issuers, isBad }: Parsed, names: readonly string[]): string[] =>
  names.filter((name) => {
    const issuer = issuers.get(name);
    const isKnown = !isBad(['issuers', name, 'tokenPrefixes']);
    return isKnown && issuer?.introspection !== undefined && issuer.tokenPrefixes?.length !== 0;
  });

const somewhereToAsk: Check = ({ issuers, isBad }) =>
  [...issuers].flatMap(([name, { verify, tokenPrefixes, introspection }]): Problem[] => {
    const path = ['issuers', name];
    if (introspection === undefined) {
      const problems: Problem[] = [];
      if (isBad([...path, 'introspection'])) return problems;
      if (verify !== undefined && verify !== 'jwt') {
        const message = `${verify} asks the issuer: add introspection: { ... }, or write verify: jwt`;
        problems.push({ path: [...path, 'verify'], message });
      }
      if (tokenPrefixes !== undefined) {
        const message =
          'opaque tokens are asked about: add introspection: { ... }, or remove this field';
        problems.push({ path: [...path, 'tokenPrefixes'], message });
      }
      return problems;
    }
    if (verify !== 'jwt' || tokenPrefixes?.length !== 0) return [];
    const message =
      'an empty list takes no opaque token, and verify: jwt asks about no JWT; name a beginning, or remove introspection';
    return [{ path: [...path, 'tokenPrefixes'], message }];
  });

/** A beginning that tokens of both may have. */
function overlap(some: readonly string[], others: readonly string[]): string | undefined {
  const pairs = some.flatMap((one) =>
    others.map((other) => (one.length < other.length ? [one, other] : [other, one])),
  );
  return pairs.find(([short, long]) => (long as string).startsWith(short as string))?.[1];
}

/** An opaque token says nothing of its issuer: one that goes to the wrong one was shown to a stranger. */
const noStranger: Check = (parsed) =>
  [...parsed.endpoints].flatMap(([i, endpoint]) => {
    const path = ['endpoints', i, 'issuers'];
    const names = opaqueIssuers(parsed, [
      ...new Set(endpoint.issuers?.filter((name) => name !== undefined)),
    ]);
    if (names.length < 2) return [];
    const unnamed = names.filter((name) => parsed.issuers.get(name)?.tokenPrefixes === undefined);
    if (unnamed.length > 0) {
      const message = `${names.join(' and ')} take opaque tokens, so a token of one would be shown to the other; give ${unnamed.join(' and ')} tokenPrefixes, or keep one with introspection`;
      return [{ path, message }];
    }
    return names.flatMap((name, j) =>
      names.slice(j + 1).flatMap((other) => {
        const prefixes = (of: string): string[] =>
          (parsed.issuers.get(of)?.tokenPrefixes ?? []).filter((prefix) => prefix !== undefined);
        const both = overlap(prefixes(name), prefixes(other));
        if (both === undefined) return [];
        const message = `tokens that begin with ${both} could be of ${name} or of ${other}; make their tokenPrefixes disjoint`;
        return [{ path, message }];
      }),
    );
  });

const boundToOne: Check = ({ issuers, endpoints, isBad }) =>
  [...issuers].flatMap(([name, { introspection, sharedAudience }]): Problem[] => {
    if (introspection?.audience !== 'bound-to-client') return [];
    const path = ['issuers', name, 'introspection', 'audience'];
    const lacksClient =
      introspection.clientId === undefined &&
      !isBad(['issuers', name, 'introspection', 'clientId']);
    if (introspection.auth === 'none' && lacksClient) {
      const message =
        'nothing tells the endpoint who asks, so no token is bound to anybody; give a clientId, or write required';
      return [{ path, message }];
    }
    const users = usersOf(endpoints, name).map(([i]) => `endpoints[${i}]`);
    if (sharedAudience !== false || users.length < 2) return [];
    const message = `${users.join(' and ')} would accept each other's tokens; give each an issuer with a client of its own, or write sharedAudience: true`;
    return [{ path, message }];
  });

const credentialsFit: Check = ({ issuers }) =>
  [...issuers].flatMap(([name, { introspection }]) =>
    introspection === undefined
      ? []
      : misplacedFields(introspection).map(({ field, message }) => ({
          path: ['issuers', name, 'introspection', field],
          message,
        })),
  );

export const introspectionChecks: readonly Check[] = [
  credentialsFit,
  somewhereToAsk,
  noStranger,
  boundToOne,
];
