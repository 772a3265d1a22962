// An issuer over real HTTP and the verifier of one endpoint, on a clock that the test moves. Tests
// send tokens of each kind and read the result.

import { checkAudience } from '../../src/authorize/audience.js';
import { jwksSchema } from '../../src/config/schema/issuer.js';
import type { Failure } from '../../src/core/failure.js';
import type { FetchJson } from '../../src/idp/fetch-json.js';
import { createBearerAuthenticator } from '../../src/verify/authenticators/bearer.js';
import { createKeySource } from '../../src/verify/issuer/jwks.js';
import { createJwksLoader } from '../../src/verify/issuer/jwks-loader.js';
import { fetchJson } from '../fixtures/fetch-json.js';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { mintToken, rsaKey } from '../fixtures/mint.js';
import { until, withDeadline } from '../fixtures/wait.js';
import { type TestClock, testClock } from './clock.js';
import { endpoint, RESOURCE } from './endpoint.js';
import { issuerRuntime, noMetadata } from './issuer.js';
import { recorder } from './keys.js';

/**
 * `old` is published from the start, `fresh` by a rotation. `forged` is never published, and has
 * the kid of `old`.
 */
export const KEYS = { old: rsaKey({ kid: 'old' }), fresh: rsaKey({ kid: 'fresh' }), forged: rsaKey({ kid: 'old' }) };
/** Never published. */
const unpublished = rsaKey({ kid: 'unpublished' });

/**
 * P: bad even without keys; K+: signed by the known key; K-: forged under its kid; F: signed by a
 * key that a rotation publishes; U: of a key that is never published; N: without a kid.
 */
export type TokenKind = 'P' | 'K+' | 'K-' | 'F' | 'U' | 'N';

export interface KeyWorld {
  readonly clock: TestClock;
  readonly issuer: JwksIssuer;
  /** Sends a new token, issued `ageSeconds` ago. Resolves to `ok` or the reason of failure. */
  send(kind: TokenKind, ageSeconds?: number): Promise<string>;
  /** Sends a token that must fail. Resolves to the failure. */
  rejection(kind: TokenKind): Promise<Failure>;
  /** Delays every response of the issuer until the returned function is called. */
  hold(): () => void;
  /** Waits until the issuer has had this many requests for keys, and no load is in flight. */
  untilFetched(times: number): Promise<void>;
  stop(): Promise<void>;
}

export interface WorldOptions {
  readonly timeoutMs?: number;
  readonly clock?: TestClock;
}

export async function startKeyWorld({
  timeoutMs = 2_000,
  clock = testClock(1_800_000_000_000),
}: WorldOptions = {}): Promise<KeyWorld> {
  const issuer = await startJwksIssuer({ keys: [KEYS.old] });
  let inFlight = 0;
  const counted: FetchJson = (request) => {
    inFlight += 1;
    return fetchJson(request).finally(() => {
      inFlight -= 1;
    });
  };
  const { notify } = recorder();
  const policy = { issuer: issuer.issuer, algorithms: ['RS256'], typ: 'at+jwt', clockToleranceSeconds: 30 } as const;
  const load = createJwksLoader({
    ...policy,
    jwksUri: issuer.jwksUri,
    timeoutMs,
    metadata: noMetadata,
    fetchJson: counted,
    clock,
    notify,
  });
  const keys = createKeySource({
    ...policy,
    load,
    clock,
    notify,
    random: () => 1,
    policy: jwksSchema.parse({}),
  });
  const at = endpoint({ issuers: [issuer.issuer], issuerAudience: new Map() });
  const issuers = new Map([[issuer.issuer, issuerRuntime({ policy, keys }, clock)]]);
  const bearer = createBearerAuthenticator(issuers, checkAudience, clock);

  async function authenticate(kind: TokenKind, ageSeconds = 0) {
    const iat = Math.floor(clock.wallMs() / 1000) - ageSeconds;
    const key = { P: KEYS.old, 'K+': KEYS.old, 'K-': KEYS.forged, F: KEYS.fresh, U: unpublished, N: KEYS.old }[kind];
    const header = kind === 'N' ? { kid: undefined } : {};
    const claims = { iat, exp: kind === 'P' ? iat - 60 : iat + 7_200 };
    const token = mintToken({ issuer: issuer.issuer, audience: RESOURCE, key, header, claims });
    const result = Promise.resolve(bearer.authenticate({ kind: 'bearer', token }, at));
    return withDeadline(`the result for ${kind}`, result, 15_000);
  }
  return {
    clock,
    issuer,
    async send(kind, ageSeconds) {
      const result = await authenticate(kind, ageSeconds);
      return result.ok ? 'ok' : result.definition.reason;
    },
    async rejection(kind) {
      const result = await authenticate(kind);
      if (result.ok) throw new Error(`${kind} is good`);
      return result;
    },
    hold() {
      let open = (): void => {};
      issuer.held = new Promise((resolve) => {
        open = resolve;
      });
      return () => {
        issuer.held = undefined;
        open();
      };
    },
    untilFetched: (times) =>
      until(`${times} requests for keys`, () => issuer.hits.jwks === times && inFlight === 0).then(() => undefined),
    stop: () => issuer.stop(),
  };
}
