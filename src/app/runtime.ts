// Builds what serves one configuration: an endpoint runtime for each endpoint, and the public
// pages. This is the only file that sees every room. It does not listen, so that a second runtime
// can be built while the first one serves.
import { createHash, randomBytes } from 'node:crypto';
import { checkAudience } from '../authorize/audience.js';
import { createAuthorizer } from '../authorize/policy.js';
import type { ResolvedConfig, ResolvedIssuer } from '../config/resolved-config.js';
import type { Clock, Scheduler } from '../core/clock.js';
import type { Endpoint } from '../core/endpoint.js';
import type { EndpointRuntime } from '../core/endpoint-runtime.js';
import type { Notify } from '../core/notice.js';
import { type Secret, secret } from '../core/secret.js';
import type { Stages } from '../gateway.js';
import type { Readiness } from '../http/routes/health.js';
import { createPublicRoutes } from '../http/routes/public.js';
import type { EndpointState, IssuerState } from '../observe/state-metrics.js';
import { noCredential } from '../proxy/credentials/none.js';
import { createOpenStream } from '../proxy/event-stream.js';
import { createTransport } from '../proxy/forward.js';
import { createPool, type UpstreamPool } from '../proxy/pool.js';
import { createSessions } from '../proxy/sessions.js';
import { createStreamTicker, type StreamTicker } from '../proxy/stream-ticker.js';
import { type ApiKeyRegistry, createApiKeyRegistry } from '../verify/api-keys.js';
import { createApiKeyAuthenticator } from '../verify/authenticators/api-key.js';
import { createBearerAuthenticator } from '../verify/authenticators/bearer.js';
import { createPassThroughAuthenticator } from '../verify/authenticators/pass-through.js';
import { fetchJson } from '../verify/fetch-json.js';
import { createIssuerRuntime, type IssuerRuntime } from '../verify/issuer/issuer-runtime.js';
import { mirroredBody } from '../verify/issuer/metadata-mirror.js';
import { type CountingTicker, countStreams } from './count-streams.js';
import { createKeep, type Keep } from './keep.js';
import { createNoRoute, createRoute, type Route } from './route.js';

export interface RuntimeDependencies {
  readonly clock: Clock;
  readonly schedule: Scheduler;
  /** 0..1, for jitter. */
  readonly random: () => number;
  readonly notify: Notify;
}

/** The parts that outlive a swap of the configuration. The process has one of these. */
export interface SharedParts extends RuntimeDependencies {
  /** Seals sessions where the operator configured no key; it lives as long as the process. */
  readonly drawnSessionKey: Secret;
  /** Issuers with their keys and caches. */
  readonly issuers: Keep<IssuerRuntime>;
  /** Connections to upstreams. */
  readonly pools: Keep<UpstreamPool>;
  readonly streams: StreamTicker;
  readonly apiKeys: ApiKeyRegistry;
}

export interface Runtime {
  readonly route: Route;
  readonly page: Stages['page'];
  readonly noRoute: Stages['noRoute'];
  /** The state of issuers and endpoints at this moment, for the metrics. */
  issuerStates(): IssuerState[];
  endpointStates(): EndpointState[];
  /** True once the gateway has tried to load the keys of each issuer. */
  keysTried(): boolean;
  /** Loads keys and metadata without waiting for them. */
  start(): void;
  /** Stops loading in the background. */
  stop(): void;
}

export function createSharedParts(dependencies: RuntimeDependencies): SharedParts {
  return {
    ...dependencies,
    drawnSessionKey: secret(randomBytes(32).toString('base64')),
    issuers: createKeep(),
    pools: createKeep(),
    streams: createStreamTicker(dependencies.clock),
    apiKeys: createApiKeyRegistry(),
  };
}

/** The issuer runtimes of these configurations, by issuer identifier. */
export function issuerRuntimes(
  configs: readonly ResolvedIssuer[],
  shared: RuntimeDependencies & Pick<SharedParts, 'issuers'>,
): Map<string, IssuerRuntime> {
  const build = (config: ResolvedIssuer): IssuerRuntime =>
    createIssuerRuntime(config, { ...shared, fetchJson });
  return new Map(
    configs.map((config) => [config.issuer, shared.issuers.get(config, () => build(config))]),
  );
}

export const acceptedBy = (
  { issuers }: Endpoint,
  all: ReadonlyMap<string, IssuerRuntime>,
): Map<string, IssuerRuntime> => new Map([...all].filter(([issuer]) => issuers.includes(issuer)));

/** The name of this deployment in `Via`: equal on every replica, and it reveals nothing. */
const pseudonymOf = (publicUrl: string): string =>
  `portcullis-${createHash('sha256').update(publicUrl).digest('hex').slice(0, 12)}`;

export function buildRuntime(
  config: ResolvedConfig,
  readiness: Readiness,
  shared: SharedParts,
): Runtime {
  const { clock, pools, streams, drawnSessionKey } = shared;
  const issuers = issuerRuntimes(config.issuers, shared);
  const sessionKeys = config.sessionKeys.length > 0 ? config.sessionKeys : [drawnSessionKey];
  const openSession = createSessions(sessionKeys, clock);
  const pseudonym = pseudonymOf(config.publicUrl);
  const tickers: { readonly path: string; readonly ticker: CountingTicker }[] = [];

  function endpointRuntime(endpoint: Endpoint): EndpointRuntime {
    const { upstream, path } = endpoint;
    const authorize = createAuthorizer(endpoint);
    const ticker = countStreams(streams);
    tickers.push({ path, ticker });
    return {
      config: endpoint,
      authenticators: {
        bearer: createBearerAuthenticator(acceptedBy(endpoint, issuers), checkAudience, clock),
        'api-key': createApiKeyAuthenticator(shared.apiKeys, clock),
        'pass-through': createPassThroughAuthenticator(clock),
      },
      authorize,
      credential: noCredential,
      transport: createTransport({
        endpoint,
        pool: pools.get({ path, upstream }, () => createPool(upstream)),
        openStream: createOpenStream(endpoint, ticker, clock),
        openSession,
        listView: authorize.listView,
        pseudonym,
        clock,
      }),
    };
  }

  /** Clients look for the metadata of the first issuer of an endpoint. */
  const firstIssuers = new Set(config.endpoints.map((endpoint) => endpoint.issuers[0]));
  const mirrored = new Map(
    config.issuers
      .filter(({ issuer, metadataMirror }) => metadataMirror.enabled && firstIssuers.has(issuer))
      .map(
        ({ issuer, metadataMirror, authorizationServers }) =>
          [issuer, { ...metadataMirror, server: authorizationServers[0] }] as const,
      ),
  );
  const mirrorOf = (issuer: string): Buffer | null => {
    const mirror = mirrored.get(issuer);
    const document = mirror === undefined ? null : (issuers.get(issuer)?.metadata.last() ?? null);
    // Clients that read only the copy must log in at the server that the others find.
    return mirror === undefined || document === null || document.json.issuer !== mirror.server
      ? null
      : mirroredBody(document, mirror.addS256);
  };

  // An issuer whose JWTs are introspected may publish no keys.
  const withKeys = [...issuers.values()].filter(({ verify }) => verify !== 'introspection');
  const withMirror = [...issuers].flatMap(([name, issuer]) => (mirrored.has(name) ? [issuer] : []));
  return {
    route: createRoute(config.endpoints.map(endpointRuntime)),
    page: createPublicRoutes(config.endpoints, readiness, mirrorOf),
    noRoute: createNoRoute(config.endpoints.map(({ path }) => path)),
    issuerStates: () =>
      [...issuers].map(([issuer, { verify, keys, introspect, introspectionIsUp }]) => ({
        issuer,
        usesKeys: verify !== 'introspection',
        keysAgeMs: keys.ageMs(),
        isUp: keys.hasAttemptedLoad() ? keys.isUp() : null,
        introspectionIsUp: introspect === null ? null : introspectionIsUp(),
      })),
    endpointStates: () => tickers.map(({ path, ticker }) => ({ path, openStreams: ticker.open() })),
    keysTried: () => withKeys.every(({ keys }) => keys.hasAttemptedLoad()),
    start() {
      for (const { keys } of withKeys) keys.preload();
      for (const { metadata } of withMirror) metadata.start();
    },
    stop() {
      for (const { metadata } of withMirror) metadata.stop();
    },
  };
}
