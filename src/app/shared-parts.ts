// The parts of the gateway that outlive a swap of the configuration: keys, caches, connections,
// streams, and the registry of API keys.
import { randomBytes } from 'node:crypto';
import type { Clock, Scheduler } from '../core/clock.js';
import type { PrincipalCredential } from '../core/endpoint-runtime.js';
import type { Notify } from '../core/notice.js';
import { type Secret, secret } from '../core/secret.js';
import { createFetchJson, type FetchJson } from '../idp/fetch-json.js';
import { createPublicFetch, type PublicFetchParts } from '../idp/public-fetch.js';
import { createGrantLimits, type GrantLimits } from '../oauth/bridge/rate-limit.js';
import { createDocumentStore, type DocumentStore } from '../oauth/facade/client-documents.js';
import { createFacadeLimits, type FacadeLimits } from '../oauth/facade/limits.js';
import { createEndedStreams, type EndedStreams } from '../proxy/ended-streams.js';
import type { UpstreamPool } from '../proxy/pool.js';
import { createStreamTicker, type StreamTicker } from '../proxy/stream-ticker.js';
import { type ApiKeyRegistry, createApiKeyRegistry } from '../verify/api-keys.js';
import type { IssuerRuntime } from '../verify/issuer/issuer-runtime.js';
import { type Admissions, createAdmissions } from './admissions.js';
import type { BridgeRuntime } from './bridge.js';
import { type CountingTicker, countStreams } from './count-streams.js';
import { createKeep, type Keep } from './keep.js';
import { createLimitParts, type LimitParts } from './limits.js';

export interface RuntimeDependencies {
  readonly clock: Clock;
  readonly schedule: Scheduler;
  /** 0..1, for jitter. */
  readonly random: () => number;
  readonly notify: Notify;
  /** Sends the requests to identity providers. */
  readonly fetchJson: FetchJson;
  /** False while a grant of a token would have no audit record. By default true. */
  readonly canRecord?: () => boolean;
  /** True in a worker: the primary counts for limits, where no store is configured. */
  readonly countsInPrimary?: boolean;
}

/** The event streams of one endpoint of the configuration. */
export interface EndpointStreams {
  readonly ticker: CountingTicker;
  readonly ended: EndedStreams;
}

/** The process has one of these. */
export interface SharedParts extends RuntimeDependencies {
  /** Seals sessions where the operator configured no key; it lives as long as the process. */
  readonly drawnSessionKey: Secret;
  /** Issuers with their keys and caches. */
  readonly issuers: Keep<IssuerRuntime>;
  /** Connections to upstreams. */
  readonly pools: Keep<UpstreamPool>;
  /** Credentials for upstreams, with their tokens. */
  readonly upstreamCredentials: Keep<PrincipalCredential>;
  readonly streams: StreamTicker;
  readonly streamsByEndpoint: Keep<EndpointStreams>;
  readonly apiKeys: ApiKeyRegistry;
  readonly admissions: Admissions;
  readonly bridges: Keep<BridgeRuntime>;
  /** Counts guesses at the token endpoint. No reload forgets them. */
  readonly grantLimits: GrantLimits;
  /** Counts requests to the facades, likewise. */
  readonly facadeLimits: FacadeLimits;
  /**
   * Null behind a proxy: it would connect for the gateway, which could not see to which address.
   */
  readonly clientDocuments: DocumentStore | null;
  readonly limits: LimitParts;
}

/** The shared parts are made of these. */
interface Surroundings extends Omit<RuntimeDependencies, 'fetchJson'> {
  /** Requests to identity providers go through the proxy of the environment. */
  readonly usesProxy: boolean;
  /** Default: one that no other process has. */
  readonly sessionKey?: Secret | undefined;
  /** For the tests of documents of clients. */
  readonly publicFetch?: PublicFetchParts | undefined;
}

export function createSharedParts(surroundings: Surroundings): SharedParts {
  const { usesProxy, sessionKey, publicFetch, ...dependencies } = surroundings;
  const { clock } = dependencies;
  const apiKeys = createApiKeyRegistry();
  return {
    ...dependencies,
    fetchJson: createFetchJson({ usesProxy }),
    drawnSessionKey: sessionKey ?? secret(randomBytes(32).toString('base64')),
    issuers: createKeep(),
    pools: createKeep(),
    upstreamCredentials: createKeep(),
    streams: createStreamTicker(clock),
    streamsByEndpoint: createKeep(),
    apiKeys,
    admissions: createAdmissions(apiKeys, clock),
    bridges: createKeep(),
    grantLimits: createGrantLimits(clock),
    facadeLimits: createFacadeLimits(clock),
    clientDocuments: usesProxy ? null : createDocumentStore(createPublicFetch(publicFetch), clock),
    limits: createLimitParts(),
  };
}

/** The streams of an endpoint. Two configurations with the same name share them. */
export const endpointStreams = (
  { streamsByEndpoint, streams, clock }: SharedParts,
  name: string,
): EndpointStreams =>
  streamsByEndpoint.get(name, () => ({
    ticker: countStreams(streams),
    ended: createEndedStreams(clock),
  }));
