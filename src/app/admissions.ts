// Checks that a caller whom the gateway accepted before a reload is still accepted after it. Its
// endpoint, issuer, key and place of the credential must still exist. It uses no network and
// verifies no token again.
import { type ApiKey, type ApiKeys, fingerprintOf } from '../core/api-key.js';
import type { Clock } from '../core/clock.js';
import type { Credential } from '../core/credential.js';
import type { Endpoint } from '../core/endpoint.js';
import type { Admission } from '../core/endpoint-runtime.js';
import type { Failure } from '../core/failure.js';
import {
  credentialScheme,
  keySunset,
  keyUnknown,
  routeUnknown,
  tokenInactive,
  tokenIssuer,
  tokenKeyUnknown,
} from '../core/failures.js';
import type { Caller, Principal } from '../core/principal.js';
import { isPastSunset } from '../core/sunset.js';
import { rejectKey } from '../verify/authenticators/api-key.js';
import { readCredential } from '../verify/credential.js';
import { shapeOf } from '../verify/jws.js';

/** The part of a configuration that decides about its callers. */
export interface Accepting {
  readonly endpoints: readonly Endpoint[];
  readonly bridge: {
    readonly issuer: string;
    /** The key ids of its ring. */
    readonly kids: ReadonlySet<unknown>;
  } | null;
}

export interface Admissions {
  /** For the endpoint of a runtime, which may be active or not. */
  of(endpoint: Endpoint, bridgeIssuer: string | null): Admission;
  /** From now on the gateway accepts the callers of this configuration. */
  activate(accepting: Accepting): void;
  /** Some keys of the registry are gone. */
  keysChanged(): void;
}

/** How the callers of each method present their credential. */
const KIND: Readonly<Record<Principal['method'], Credential['kind']>> = {
  jwt: 'bearer',
  introspection: 'bearer',
  bridge: 'bearer',
  'api-key': 'api-key',
};

const kindOf = (caller: Caller): Credential['kind'] =>
  caller.kind === 'pass-through' ? caller.kind : KIND[caller.method];

/** No two endpoints share it. A path begins with a slash, and a host has none. */
const placeOf = (host: string | null, path: string): string => (host ?? '') + path;

const notAccepted = (issuer: string | null): Failure =>
  tokenIssuer({ detail: `this endpoint no longer accepts the issuer ${issuer}` });

export function createAdmissions(apiKeys: ApiKeys, clock: Clock): Admissions {
  let generation = 0;
  let endpoints: ReadonlyMap<string, Endpoint> = new Map();
  let activeBridge: Accepting['bridge'] = null;

  /** Its endpoint, its issuer and the key that signed it must still be those of the bridge. */
  function recheckBridge(token: string, endpoint: Endpoint, issuer: string | null): Failure | null {
    if (!endpoint.isBridged || activeBridge === null || activeBridge.issuer !== issuer)
      return notAccepted(issuer);
    const shape = shapeOf(token);
    if (shape.kind === 'jws' && activeBridge.kids.has(shape.header.kid)) return null;
    return tokenKeyUnknown({ detail: 'a reload removed the key of the bridge that signed it' });
  }

  function recheckKey(key: ApiKey, isBridged: boolean, endpoint: Endpoint): Failure | null {
    if (apiKeys.has(key))
      return rejectKey(key, endpoint, clock.wallMs(), isBridged ? 'bridge' : 'api-key');
    const detail = `the key ${fingerprintOf(key)} was removed or changed`;
    return isBridged ? tokenInactive({ detail }) : keyUnknown({ detail });
  }

  return {
    of: ({ host, path, resource }, bridgeIssuer) => ({
      get generation() {
        return generation;
      },
      recheck(caller, head) {
        const endpoint = endpoints.get(placeOf(host, path));
        // With another resource it is another endpoint: its tokens have another audience.
        if (endpoint === undefined || endpoint.resource !== resource)
          return routeUnknown({ detail: 'a reload removed this endpoint' });
        const credential = readCredential(head, endpoint);
        if (!credential.ok) return credential;
        const { value } = credential;
        if (value.kind !== kindOf(caller))
          return credentialScheme({ detail: 'a reload changed where this endpoint takes keys' });
        if (value.kind === 'pass-through')
          return isPastSunset(value.rule.sunsetMs, clock.wallMs()) ? keySunset() : null;
        const principal = caller as Principal;
        const { key, method } = principal;
        if (key !== null) {
          const isBridged = method === 'bridge';
          const ofBridge =
            isBridged && value.kind === 'bearer'
              ? recheckBridge(value.token, endpoint, bridgeIssuer)
              : null;
          return ofBridge ?? recheckKey(key, isBridged, endpoint);
        }
        const isAccepted = endpoint.issuers.includes(principal.issuer ?? '');
        return isAccepted ? null : notAccepted(principal.issuer);
      },
    }),
    activate(accepting) {
      endpoints = new Map(accepting.endpoints.map((one) => [placeOf(one.host, one.path), one]));
      activeBridge = accepting.bridge;
      generation++;
    },
    keysChanged() {
      generation++;
    },
  };
}
