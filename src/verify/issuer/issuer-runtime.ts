// One configured issuer at run time: its metadata, its keys, its cache of verified JWTs, and its
// introspection. All endpoints that accept the issuer share it.
import type { ResolvedIssuer, VerifyMode } from '../../config/resolved-config.js';
import type { AccessToken } from '../../core/access-token.js';
import type { Clock, Scheduler } from '../../core/clock.js';
import { tokenSignature } from '../../core/failures.js';
import { andThen, type MaybeLater } from '../../core/maybe-later.js';
import type { Notify } from '../../core/notice.js';
import { ok, type Result } from '../../core/result.js';
import type { FetchJson } from '../../idp/fetch-json.js';
import type { LocateEndpoint } from '../../idp/locate.js';
import { createMetadataSource, type MetadataSource } from '../../idp/metadata.js';
import { createSingleFlight } from '../../idp/single-flight.js';
import {
  createIntrospection,
  type Introspect,
  locateIntrospection,
} from '../authenticators/introspection.js';
import type { JwtPolicy, UnverifiedJwt } from '../authenticators/jwt.js';
import { verifySignature } from '../authenticators/jwt-signature.js';
import { createKeySource, type JwksLoadResult, type KeySource } from './jwks.js';
import { createJwksLoader } from './jwks-loader.js';
import { createJwtCache, type JwtCache } from './jwt-cache.js';
import { createRejectedTokens } from './rejected-tokens.js';

export interface IssuerRuntime {
  readonly policy: JwtPolicy;
  readonly verify: VerifyMode;
  /** Beginnings of the opaque tokens of this issuer; null: any beginning. */
  readonly tokenPrefixes: readonly string[] | null;
  readonly metadata: MetadataSource;
  readonly keys: KeySource;
  readonly jwtCache: JwtCache;
  /** Null: the operator configured no `introspection`, and the gateway never introspects. */
  readonly introspect: Introspect | null;
  /** The last failure of keys or introspection; null: none since the start. */
  lastError(): IssuerError | null;
  /** False while a breaker stops introspection. */
  introspectionIsUp(): boolean;
  /** The URL of the introspection endpoint, for `explain`; null like `introspect`. */
  readonly introspectionUrl: LocateEndpoint | null;
  /**
   * Verifies the signature of a JWT that passed every other check, and caches it under `key`.
   * Requests with the same token wait for one verification. The result comes at once where the
   * gateway remembers a failure, and where it has the key and the check is short.
   */
  verifyJwt(
    key: string,
    token: string,
    jwt: UnverifiedJwt,
    unverified: AccessToken,
  ): MaybeLater<Result<AccessToken>>;
}

export interface IssuerError {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /** As in the log, at most ERROR_CHARACTERS. */
  readonly detail: string;
}

const ERROR_CHARACTERS = 300;

export interface IssuerDependencies {
  readonly fetchJson: FetchJson;
  readonly clock: Clock;
  readonly schedule: Scheduler;
  readonly notify: Notify;
  /** 0..1, for jitter. */
  readonly random: () => number;
}

/** The part that verifies JWTs, from a key source. */
export function createJwtVerification(
  policy: JwtPolicy,
  keys: KeySource,
  clock: Clock,
): Pick<IssuerRuntime, 'jwtCache' | 'verifyJwt'> {
  const jwtCache = createJwtCache(keys, clock);
  const rejected = createRejectedTokens(keys, clock);
  const flight = createSingleFlight<Result<AccessToken>>();

  function verifyNow(
    key: string,
    token: string,
    jwt: UnverifiedJwt,
    unverified: AccessToken,
  ): MaybeLater<Result<AccessToken>> {
    const set = keys.peekKeySet();
    return andThen(verifySignature(token, jwt, keys), (signed) => {
      if (!signed.ok) {
        // A set that came meanwhile was not tried with every token.
        const isOfSet = set !== null && set === keys.peekKeySet();
        if (isOfSet && signed.definition === tokenSignature.definition)
          rejected.put(key, signed, set);
        return signed;
      }
      const { expiresAt } = unverified.principal;
      const validUntilMs = ((expiresAt as number) + policy.clockToleranceSeconds) * 1000;
      const characters = token.length;
      const thumbprint = signed.value;
      jwtCache.put(key, { token: unverified, characters, thumbprint, validUntilMs });
      return ok(unverified);
    });
  }

  return {
    jwtCache,
    verifyJwt: (key, token, jwt, unverified) =>
      rejected.get(key) ?? flight.run(key, () => verifyNow(key, token, jwt, unverified)),
  };
}

export function createIssuerRuntime(
  config: ResolvedIssuer,
  dependencies: IssuerDependencies,
): IssuerRuntime {
  const { clock } = dependencies;
  const { issuer, jwksUri, algorithms, verify, tokenPrefixes, introspection } = config;
  const { timeoutMs } = config.jwks;
  const { metadataUrl, authorizationServers, allowInsecureHttp } = config;
  const place = { metadataUrl, authorizationServers, allowInsecureHttp };
  if (allowInsecureHttp)
    dependencies.notify({ event: 'issuer.insecure_http', level: 'warn', issuer });
  const onRecovery = (): void => keys.endBackoff();
  const metadata = createMetadataSource({ ...dependencies, issuer, place, timeoutMs, onRecovery });
  const location = { issuer, jwksUri, algorithms, timeoutMs, metadata };
  let lastError: IssuerError | null = null;
  const failed = (detail = 'no details'): void => {
    lastError = { atMs: clock.wallMs(), detail: detail.slice(0, ERROR_CHARACTERS) };
  };
  const loadKeys = createJwksLoader({ ...dependencies, ...location });
  const load = async (): Promise<JwksLoadResult> => {
    const loaded = await loadKeys();
    if (!loaded.ok) failed(loaded.detail);
    return loaded;
  };
  const { clockToleranceSeconds } = config;
  const policy = config.jwks;
  const keys = createKeySource({ ...dependencies, issuer, load, policy, clockToleranceSeconds });
  let openBreakers = 0;
  const onBreaker = (state: 'open' | 'closed'): void => {
    openBreakers += state === 'open' ? 1 : -1;
  };
  const introspect =
    introspection === null
      ? null
      : createIntrospection(
          { ...config, ...introspection },
          { ...dependencies, metadata, onBreaker, onFailure: ({ detail }) => failed(detail) },
        );
  return {
    policy: config,
    verify,
    tokenPrefixes,
    metadata,
    keys,
    introspect,
    lastError: () => lastError,
    introspectionIsUp: () => openBreakers === 0,
    introspectionUrl:
      introspection === null ? null : locateIntrospection(introspection.url, metadata),
    ...createJwtVerification(config, keys, clock),
  };
}
