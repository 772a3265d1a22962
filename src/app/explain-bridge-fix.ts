// Finds the fix for a bearer token that an endpoint of the bridge rejects. It is another token, or
// a change of the entry of its API key.

import type { ResolvedBridge, ResolvedConfig } from '../config/resolved-config.js';
import { canLoad, endpointChange, issuerName } from '../config/written-config.js';
import { type ApiKey, carriersText, fingerprintOf } from '../core/api-key.js';
import type { Explanation, ExplanationFix } from '../core/explanation.js';
import {
  audienceMismatch,
  tokenExpired,
  tokenInactive,
  tokenIssuer,
  tokenKeyUnknown,
  tokenMalformed,
} from '../core/failures.js';
import { BRIDGE_PATHS } from '../core/oauth-server.js';
import type { Claims } from '../verify/claims.js';
import { shapeOf } from '../verify/jws.js';
import { noChange } from './explain-fix-context.js';
import { entryFix, type KeyFixContext } from './explain-key-fix.js';

interface BridgeFixContext extends Omit<KeyFixContext, 'given' | 'apiKeysFile'> {
  readonly token: string;
  readonly config: ResolvedConfig;
  readonly bridge: ResolvedBridge;
}

function issuerFix(
  iss: unknown,
  getOne: string,
  { written, endpoint, config }: BridgeFixContext,
): ExplanationFix {
  const isConfigured = config.issuers.some(({ issuer }) => issuer === iss);
  const name = isConfigured ? issuerName(written, String(iss)) : null;
  const only = `this endpoint takes tokens of the bridge only: ${getOne}`;
  if (name === null) return noChange(only);
  const words = `this is a token of the issuer ${name}, and ${only}`;
  const change = endpointChange(endpoint, { bridge: false, issuers: [name] });
  return {
    words,
    warning: 'then clients log in at this issuer, and the endpoint rejects tokens of the bridge',
    change,
  };
}

/** The name has no key now, or one with another fingerprint. */
function goneFix({ sub }: Claims, all: readonly ApiKey[], getOne: string): ExplanationFix {
  const now = all.find(({ name }) => name === sub);
  return noChange(
    now === undefined
      ? `the registry has no key with the name ${String(sub)}. Its tokens end with it`
      : `the key ${now.name} was replaced, and has the fingerprint ${fingerprintOf(now)} now: ${getOne}`,
  );
}

function findFix(
  { steps, failure }: Explanation,
  context: BridgeFixContext,
): ExplanationFix | null {
  const { token, keys, endpoint, config, bridge } = context;
  const step = steps.find(({ state }) => state === 'fail');
  if (failure === null || step === undefined) return null;
  const shape = shapeOf(token);
  const claims: Claims = (shape.kind === 'jws' ? shape.claims : null) ?? {};
  const { sub, key: fingerprint } = claims;
  const isNamed = typeof sub === 'string' && typeof fingerprint === 'string';
  const key = isNamed ? keys.registry.named(sub, fingerprint) : null;
  const { written } = context;
  const ofEntry = { written, endpoint, keys, apiKeysFile: config.apiKeysFile };
  const fix = key === null ? null : entryFix(step, failure, key, ofEntry);
  if (fix !== null) return fix;
  const tokenUrl = new URL(BRIDGE_PATHS.token, bridge.issuer).href;
  const getOne = `let the client get one at ${tokenUrl}, with its API key as the client secret`;
  switch (failure.definition) {
    case tokenIssuer.definition:
      return issuerFix(claims.iss, getOne, context);
    case tokenMalformed.definition:
      return noChange(`${getOne}${carriersText(endpoint.apiKeys)}`);
    case tokenExpired.definition:
      return noChange(`a token of the bridge lives ${bridge.tokenSeconds} s at most: ${getOne}`);
    case tokenKeyUnknown.definition:
      return noChange(
        'another deployment issued the token, or its key left bridge.keys. At a rotation, keep the ' +
          `old key as the last of bridge.keys for ${bridge.tokenSeconds} s: ${getOne}`,
      );
    case tokenInactive.definition:
      return goneFix(claims, keys.all, getOne);
    case audienceMismatch.definition:
      return noChange(`${getOne}, and with the resource ${endpoint.resource} or without one`);
  }
  return null;
}

/** Null: nothing in the configuration is the reason. */
export function bridgeFixFor(
  explanation: Explanation,
  context: BridgeFixContext,
): ExplanationFix | null {
  const fix = findFix(explanation, context);
  return fix?.change && !canLoad(context.written, fix.change) ? { ...fix, change: null } : fix;
}
