// Checks introspection across fields: credentials fit the authentication method, and modes that
// need introspection have it. No token reaches the wrong issuer, or is bound to no client.
import { type Check, endpointsOf, type PartialConfig } from './partial-config.js';
import type { Partially } from './partial-parse.js';
import type { Problem } from './problems.js';
import { INTROSPECTION_METHODS } from './schema/client-authentication.js';
import type { IntrospectionInput } from './schema/issuer.js';
import { clientFieldProblems } from './validate-client.js';

const credentialsFit: Check = ({ issuers }) =>
  [...issuers].flatMap(([name, { introspection }]) =>
    introspection === undefined
      ? []
      : clientFieldProblems(
          introspection,
          ['issuers', name, 'introspection'],
          INTROSPECTION_METHODS,
        ),
  );

const modesFit: Check = ({ issuers, isBad }) =>
  [...issuers].flatMap(([name, { verify, tokenPrefixes, introspection }]): Problem[] => {
    const path = ['issuers', name];
    if (introspection === undefined) {
      const problems: Problem[] = [];
      if (isBad([...path, 'introspection'])) return problems;
      if (verify !== undefined && verify !== 'jwt') {
        const message =
          `verify: ${verify} needs introspection; ` +
          'add introspection: { ... }, or write verify: jwt';
        problems.push({ path: [...path, 'verify'], message });
      }
      if (tokenPrefixes !== undefined) {
        const message =
          'opaque tokens need introspection; add introspection: { ... }, or remove this field';
        problems.push({ path: [...path, 'tokenPrefixes'], message });
      }
      return problems;
    }
    if (verify !== 'jwt' || tokenPrefixes?.length !== 0) return [];
    const message =
      'an empty list and verify: jwt leave no token to introspect; ' +
      'write a prefix, or remove introspection';
    return [{ path: [...path, 'tokenPrefixes'], message }];
  });

/** A prefix that tokens of both may have. */
export function overlap(some: readonly string[], others: readonly string[]): string | undefined {
  const pairs = some.flatMap((one) =>
    others.map((other) => (one.length < other.length ? [one, other] : [other, one])),
  );
  return pairs.find(([short, long]) => (long as string).startsWith(short as string))?.[1];
}

const opaqueIssuers = ({ issuers, isBad }: PartialConfig, names: readonly string[]): string[] =>
  names.filter((name) => {
    const issuer = issuers.get(name);
    const isKnown = !isBad(['issuers', name, 'tokenPrefixes']);
    return isKnown && issuer?.introspection !== undefined && issuer.tokenPrefixes?.length !== 0;
  });

/** An opaque token does not name its issuer, so its prefix alone keeps it from a stranger. */
const tokensReachTheirIssuer: Check = (config) =>
  [...config.endpoints].flatMap(([i, endpoint]) => {
    const path = ['endpoints', i, 'issuers'];
    const accepted = endpoint.issuers?.filter((name) => name !== undefined);
    const names = opaqueIssuers(config, [...new Set(accepted)]);
    if (names.length < 2) return [];
    const open = names.filter((name) => config.issuers.get(name)?.tokenPrefixes === undefined);
    if (open.length > 0) {
      const message =
        `${names.join(' and ')} introspect opaque tokens, so one would receive tokens of the ` +
        `other; give ${open.join(' and ')} tokenPrefixes, or keep introspection for one of them`;
      return [{ path, message }];
    }
    const prefixesOf = (name: string): string[] =>
      (config.issuers.get(name)?.tokenPrefixes ?? []).filter((prefix) => prefix !== undefined);
    return names.flatMap((name, j) =>
      names.slice(j + 1).flatMap((other) => {
        const shared = overlap(prefixesOf(name), prefixesOf(other));
        if (shared === undefined) return [];
        const message =
          `tokens that begin with ${shared} could come from ${name} or from ${other}; ` +
          'write tokenPrefixes that do not overlap';
        return [{ path, message }];
      }),
    );
  });

/** Endpoints that share an issuer accept answers without an audience for each other. */
const boundTo = ({
  audience,
  audienceClients,
}: Partially<IntrospectionInput>): 'audience' | 'audienceClients' | null => {
  if (audience === 'bound-to-client') return 'audience';
  return (audienceClients?.length ?? 0) > 0 ? 'audienceClients' : null;
};

const OF_ITS_OWN = { audience: 'a client', audienceClients: 'audienceClients' } as const;

const tokensAreBound: Check = (config) =>
  [...config.issuers].flatMap(([name, { introspection, sharedAudience }]): Problem[] => {
    const field = introspection === undefined ? null : boundTo(introspection);
    if (introspection === undefined || field === null) return [];
    const path = ['issuers', name, 'introspection', field];
    if (field === 'audience' && (introspection.audienceClients?.length ?? 0) > 0) {
      const message =
        'bound-to-client accepts tokens of every client; ' +
        'write audience: required, or remove audienceClients';
      return [{ path, message }];
    }
    const lacksClient =
      introspection.clientId === undefined &&
      !config.isBad(['issuers', name, 'introspection', 'clientId']);
    if (field === 'audience' && introspection.auth === 'none' && lacksClient) {
      const message =
        'without a clientId no token is bound to a client; write a clientId, or write required';
      return [{ path, message }];
    }
    const users = endpointsOf(config, name).map(([i]) => `endpoints[${i}]`);
    if (sharedAudience !== false || users.length < 2) return [];
    const message =
      `${users.join(' and ')} would accept each other's tokens; give each an issuer with ` +
      `${OF_ITS_OWN[field]} of its own, or write sharedAudience: true`;
    return [{ path, message }];
  });

export const introspectionChecks: readonly Check[] = [
  credentialsFit,
  modesFit,
  tokensReachTheirIssuer,
  tokensAreBound,
];
