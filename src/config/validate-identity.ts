// Checks `identity` across fields: an upstream uses it, and no other part of the configuration has
// its issuer. So no endpoint accepts a JWT that the gateway signs for upstreams.
import type { Check, PartialConfig } from './partial-config.js';
import { bridgeIssuer } from './resolve-bridge.js';

/** Undefined: there is none, or it is bad. */
function identityIssuer({
  root: { identity, publicUrl },
  isBad,
}: PartialConfig): string | undefined {
  if (identity === undefined || isBad(['identity', 'issuer'])) return undefined;
  return identity.issuer ?? publicUrl;
}

const issuerIsItsOwn: Check = (config) => {
  const own = identityIssuer(config);
  if (own === undefined) return [];
  const { bridge, identity, publicUrl } = config.root;
  const message =
    identity?.issuer === undefined
      ? 'this is publicUrl, which is the issuer of identity; write another as identity.issuer'
      : 'this is the issuer of identity too; change identity.issuer';
  const ofIssuers = [...config.issuers].flatMap(([name, { issuer }]) =>
    issuer === own ? [{ path: ['issuers', name, 'issuer'], message }] : [],
  );
  if (bridge === undefined || publicUrl === undefined || config.isBad(['bridge', 'issuer']))
    return ofIssuers;
  if (bridgeIssuer(bridge, publicUrl) !== own) return ofIssuers;
  const ofBridge = 'this is the issuer of the bridge; write another';
  return [{ path: ['identity', 'issuer'], message: ofBridge }];
};

const identityIsUsed: Check = ({ root: { identity }, endpoints, isBad }) => {
  if (identity === undefined) return [];
  const canUse = [...endpoints].some(([i, { upstream }]) => {
    const path = ['endpoints', i, 'upstream'];
    return (
      upstream?.credential?.kind === 'identity' ||
      isBad(path) ||
      isBad([...path, 'credential']) ||
      isBad([...path, 'credential', 'kind'])
    );
  });
  if (canUse) return [];
  const message =
    'no upstream uses it; add credential: { kind: identity, audience: files-backend } to an ' +
    'upstream, or remove identity';
  return [{ path: ['identity'], message }];
};

export const identityChecks: readonly Check[] = [issuerIsItsOwn, identityIsUsed];
