// Checks the facades across fields: a name for the URL, credentials that fit, and an endpoint that
// uses it. Nothing else has its issuer or its paths.
import { hostsOf } from './endpoint-places.js';
import { type Check, endpointsOf, type PartialConfig } from './partial-config.js';
import type { Problem } from './problems.js';
import { bridgeIssuer } from './resolve-bridge.js';
import { facadeIssuer, facadePath } from './resolve-facade.js';
import { FACADE_METHODS } from './schema/facade.js';
import { clientFieldProblems } from './validate-client.js';

/** It is a part of a URL and of the names of cookies. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/;

const withFacade = ({ issuers }: Pick<PartialConfig, 'issuers'>) =>
  [...issuers].filter(([, { facade }]) => facade !== undefined);

const namesFit: Check = (config) =>
  withFacade(config).flatMap(([name]): Problem[] => {
    if (NAME.test(name)) return [];
    const message =
      'an issuer with a facade needs a name of at most 40 letters, digits, - and _, because the ' +
      'name is a part of its URL';
    return [{ path: ['issuers', name], message }];
  });

const credentialsFit: Check = (config) =>
  withFacade(config).flatMap(([name, { facade }]) =>
    clientFieldProblems(facade ?? {}, ['issuers', name, 'facade'], FACADE_METHODS).filter(
      // The schema demands it for every method.
      ({ path }) => path.at(-1) !== 'clientId',
    ),
  );

const serversFit: Check = (config) =>
  withFacade(config).flatMap(([name, { authorizationServers = [] }]): Problem[] => {
    if (authorizationServers.length === 0) return [];
    const message = 'clients log in at the facade; remove this field, or remove facade';
    return [{ path: ['issuers', name, 'authorizationServers'], message }];
  });

/** No token has the issuer of a facade, so no other part of the configuration may trust it. */
const issuerIsItsOwn: Check = (config) => {
  const { publicUrl, bridge, identity } = config.root;
  if (publicUrl === undefined) return [];
  const own = new Map(
    withFacade(config).map(([name]) => [facadeIssuer(name, publicUrl), name] as const),
  );
  const problems: Problem[] = [];
  const check = (issuer: string | undefined, path: readonly (string | number)[]): void => {
    const name = own.get(issuer?.replace(/\/$/, '') ?? '');
    if (name === undefined) return;
    const message = `this is the issuer of issuers.${name}.facade; write another`;
    problems.push({ path: [...path, 'issuer'], message });
  };
  for (const [name, { issuer }] of config.issuers) check(issuer, ['issuers', name]);
  if (bridge !== undefined) check(bridgeIssuer(bridge, publicUrl), ['bridge']);
  check(identity?.issuer, ['identity']);
  return problems;
};

const isBelow = (path: string | undefined, base: string): boolean =>
  path === base || path?.startsWith(`${base}/`) === true;

const pathsAreFree: Check = (config) => {
  const bases = withFacade(config).map(([name]) => [name, facadePath(name)] as const);
  const { publicUrl } = config.root;
  const own = publicUrl === undefined ? null : new URL(publicUrl).hostname;
  return [...config.endpoints].flatMap(([i, endpoint]): Problem[] => {
    const hosts = hostsOf(config, [i, endpoint]) ?? [];
    if (!hosts.some((host) => host === null || host === own)) return [];
    const taken = bases.find(([, base]) => isBelow(endpoint.path, base));
    if (taken === undefined) return [];
    const message = `issuers.${taken[0]}.facade has the paths below ${taken[1]}; write another`;
    return [{ path: ['endpoints', i, 'path'], message }];
  });
};

const facadeIsUsed: Check = (config) =>
  withFacade(config).flatMap(([name]): Problem[] => {
    const isUnknown = [...config.endpoints].some(([i]) =>
      config.isBad(['endpoints', i, 'issuers']),
    );
    if (isUnknown || endpointsOf(config, name).length > 0) return [];
    const message = `no endpoint uses it; add issuers: [${name}] to an endpoint, or remove facade`;
    return [{ path: ['issuers', name, 'facade'], message }];
  });

export const facadeChecks: readonly Check[] = [
  namesFit,
  credentialsFit,
  serversFit,
  issuerIsItsOwn,
  pathsAreFree,
  facadeIsUsed,
];
