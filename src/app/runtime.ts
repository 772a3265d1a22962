// Builds what serves one configuration: an endpoint runtime for each endpoint, and the public
// pages. This is the only file that sees every room. It does not listen, so that a second runtime
// can be built while the first one serves.
import { createHash } from 'node:crypto';
import { checkAudience } from '../authorize/audience.js';
import { createAuthorizer } from '../authorize/policy.js';
import { usesKeys } from '../config/issuer-keys.js';
import type { ResolvedConfig, ResolvedIssuer } from '../config/resolved-config.js';
import type { Endpoint } from '../core/endpoint.js';
import type { EndpointRuntime } from '../core/endpoint-runtime.js';
import { atOnce } from '../core/slices.js';
import type { Stages } from '../core/stages.js';
import type { Readiness } from '../http/routes/health.js';
import { createPublicRoutes } from '../http/routes/public.js';
import type {
  EndpointState,
  IssuerState,
  LimitState,
  UpstreamState,
} from '../observe/gateway-state.js';
import { createOpenStream } from '../proxy/event-stream.js';
import { createTransport } from '../proxy/forward.js';
import { createPool, type UpstreamPool } from '../proxy/pool.js';
import { createSessions } from '../proxy/sessions.js';
import { createApiKeyAuthenticator } from '../verify/authenticators/api-key.js';
import { createBearerAuthenticator } from '../verify/authenticators/bearer.js';
import { createPassThroughAuthenticator } from '../verify/authenticators/pass-through.js';
import { createIssuerRuntime, type IssuerRuntime } from '../verify/issuer/issuer-runtime.js';
import type { KeySource } from '../verify/issuer/jwks.js';
import { bridgeRuntime } from './bridge.js';
import { createFacades } from './facades.js';
import { tokenIssuers } from './issued-tokens.js';
import { createLimits } from './limits.js';
import { createMirrors } from './mirrors.js';
import { createNoRoute, createRoute, ownHosts, type Route } from './route.js';
import {
  type EndpointStreams,
  endpointStreams,
  type RuntimeDependencies,
  type SharedParts,
} from './shared-parts.js';
import { createUpstreamCredentials } from './upstream-credentials.js';

export interface Runtime {
  readonly route: Route;
  readonly page: Stages['page'];
  readonly noRoute: Stages['noRoute'];
  /** The state of issuers and endpoints at this moment, for the metrics. */
  issuerStates(): IssuerState[];
  endpointStates(): EndpointState[];
  upstreamStates(): UpstreamState[];
  limitState(): LimitState;
  /** True once the gateway has tried to load the keys of each issuer. */
  keysTried(): boolean;
  /** Tries the keys of new issuers, before callers need them. Never waits for long. */
  warm(): Promise<void>;
  /**
   * Makes it the active one: loads keys and metadata without waiting for them, and forgets the
   * shared parts that it does not use. Their connections close with their last response.
   */
  activate(): void;
  /** Stops loading in the background. */
  stop(): void;
}

/** The issuer runtimes of these configurations, by issuer identifier. */
export function issuerRuntimes(
  configs: readonly ResolvedIssuer[],
  shared: RuntimeDependencies & Pick<SharedParts, 'issuers'>,
): Map<string, IssuerRuntime> {
  const build = (config: ResolvedIssuer): IssuerRuntime => createIssuerRuntime(config, shared);
  return new Map(
    configs.map((config) => [config.issuer, shared.issuers.get(config, () => build(config))]),
  );
}

export const acceptedBy = (
  { issuers }: Endpoint,
  all: ReadonlyMap<string, IssuerRuntime>,
): Map<string, IssuerRuntime> =>
  new Map(
    issuers.flatMap((issuer) => {
      const runtime = all.get(issuer);
      return runtime === undefined ? [] : [[issuer, runtime] as const];
    }),
  );

/** The name of this deployment in `Via`: equal on every replica, and it reveals nothing. */
const pseudonymOf = (publicUrl: string): string =>
  `portcullis-${createHash('sha256').update(publicUrl).digest('hex').slice(0, 12)}`;

/** Ten times as long as a good issuer takes. A new tenant does not wait longer for a bad one. */
const WARM_MS = 500;

/** About 10 ms of work. (measured) */
const ENDPOINTS_OF_A_SLICE = 100;

export const buildRuntime = (...from: Parameters<typeof runtimeInSlices>): Runtime =>
  atOnce(runtimeInSlices(...from));

/** In slices, because there may be many endpoints. */
export function* runtimeInSlices(
  config: ResolvedConfig,
  readiness: Readiness,
  shared: SharedParts,
): Generator<void, Runtime> {
  const { clock, pools, drawnSessionKey, admissions } = shared;
  const issuers = issuerRuntimes(config.issuers, shared);
  const accepted = tokenIssuers(config.issuers, issuers, shared);
  const sessionKeys = config.sessionKeys.length > 0 ? config.sessionKeys : [drawnSessionKey];
  const openSession = createSessions(sessionKeys, clock);
  const pseudonym = pseudonymOf(config.publicUrl);
  const bridge = bridgeRuntime(config, shared);
  const bridgeIssuer = config.bridge?.issuer ?? null;
  const apiKeys = createApiKeyAuthenticator(shared.apiKeys, clock);
  const credentials = createUpstreamCredentials(config, issuers, shared);
  const limits = createLimits(config, shared);
  const streamsOf = new Map<string, EndpointStreams>();
  const nameOfPool = new Map<UpstreamPool, string>();

  function endpointRuntime(endpoint: Endpoint): EndpointRuntime {
    const { upstream, name } = endpoint;
    const authorize = createAuthorizer(endpoint);
    const streams = endpointStreams(shared, name);
    streamsOf.set(name, streams);
    const pool = pools.get({ name, upstream }, () => createPool(upstream));
    nameOfPool.set(pool, name);
    const admission = admissions.of(endpoint, bridgeIssuer);
    return {
      config: endpoint,
      admission,
      authenticators: {
        bearer:
          bridge !== null && endpoint.isBridged
            ? bridge.tokens(checkAudience)
            : createBearerAuthenticator(acceptedBy(endpoint, accepted), checkAudience, clock),
        'api-key': apiKeys,
        'pass-through': createPassThroughAuthenticator(clock),
      },
      guesses: limits.guesses,
      authorize,
      limiter: limits.of(endpoint),
      credential: credentials.of(endpoint),
      transport: createTransport({
        endpoint,
        pool,
        admission,
        openStream: createOpenStream(endpoint, streams.ticker, clock, streams.ended),
        openSession,
        listView: authorize.listView,
        pseudonym,
        clock,
      }),
    };
  }

  const endpoints: EndpointRuntime[] = [];
  for (const endpoint of config.endpoints) {
    endpoints.push(endpointRuntime(endpoint));
    if (endpoints.length % ENDPOINTS_OF_A_SLICE === 0) yield;
  }
  const mirrors = createMirrors(config, issuers);
  const own = ownHosts(config);

  /** Their load has begun already. */
  const tried = new Set<KeySource>();
  const withKeys = config.issuers
    .filter(usesKeys)
    .flatMap(({ issuer }) => issuers.get(issuer) ?? []);
  const usingKeys = new Set(withKeys);

  return {
    route: createRoute(endpoints),
    page: createPublicRoutes(config.endpoints, readiness, {
      mirrored: mirrors.copyOf,
      bridge: bridge?.server ?? null,
      facades: createFacades(config, issuers, shared),
      identityKeys: credentials.identityKeys,
      ownHosts: own,
    }),
    noRoute: createNoRoute(config.endpoints, own),
    issuerStates: () =>
      [...issuers].map(([issuer, runtime]) => {
        const { keys, introspect } = runtime;
        return {
          issuer,
          usesKeys: usingKeys.has(runtime),
          keysAgeMs: keys.ageMs(),
          isUp: keys.hasAttemptedLoad() ? keys.isUp() : null,
          keys: keys.peekKeySet()?.keys.length ?? 0,
          lastError: runtime.lastError(),
          introspectionIsUp: introspect === null ? null : runtime.introspectionIsUp(),
        };
      }),
    endpointStates: () =>
      [...streamsOf].map(([endpoint, { ticker }]) => ({ endpoint, openStreams: ticker.open() })),
    upstreamStates: () =>
      [...nameOfPool].flatMap(([pool, endpoint]) => [
        { endpoint, kind: 'requests' as const, ...pool.usage(false) },
        { endpoint, kind: 'streams' as const, ...pool.usage(true) },
      ]),
    async warm() {
      const cold = withKeys.filter(({ keys }) => !keys.hasAttemptedLoad());
      if (cold.length === 0) return;
      let cancel = (): void => {};
      const bound = new Promise<void>((resolve) => {
        cancel = shared.schedule(WARM_MS, resolve);
      });
      for (const { keys } of cold) tried.add(keys);
      await Promise.race([bound, Promise.all(cold.map(({ keys }) => keys.preload()))]);
      cancel();
    },
    limitState: limits.state,
    keysTried: () => withKeys.every(({ keys }) => keys.hasAttemptedLoad()),
    activate() {
      const kids = new Set(bridge?.server.verificationKeys.map(({ kid }) => kid));
      const { endpoints } = config;
      admissions.activate({
        endpoints,
        bridge: bridgeIssuer === null ? null : { issuer: bridgeIssuer, kids },
      });
      for (const { metadata } of shared.issuers.all())
        if (!mirrors.sources.has(metadata)) metadata.stop();
      shared.issuers.retain(new Set([...issuers.values(), ...accepted.values()]));
      shared.bridges.retain(new Set(bridge === null ? [] : [bridge]));
      shared.upstreamCredentials.retain(credentials.used);
      limits.activate();
      shared.streamsByEndpoint.retain(new Set(streamsOf.values()));
      for (const pool of pools.retain(new Set(nameOfPool.keys()))) pool.retire();
      for (const { keys } of withKeys) if (!tried.has(keys)) void keys.preload();
      for (const metadata of mirrors.sources) metadata.start();
    },
    stop() {
      for (const metadata of mirrors.sources) metadata.stop();
    },
  };
}
