// An issuer over real HTTP and the verifier of one endpoint, on a clock that the test moves: what comes of each kind of token.

import { checkAudience } from '../../src/authorize/audience.js';
import { jwksSchema } from '../../src/config/schema/issuer.js';
import type { Failure } from '../../src/core/failure.js';
import { createBearerAuthenticator } from '../../src/verify/authenticators/bearer.js';
import { type FetchJson, fetchJson } from '../../src/verify/fetch-json.js';
import { createKeySource } from '../../src/verify/issuer/jwks.js';
import { createJwksLoader } from '../../src/verify/issuer/jwks-loader.js';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { mintToken, rsaKey } from '../fixtures/mint.js';
import { until, withDeadline } from '../fixtures/wait.js';
import { type TestClock, testClock } from './clock.js';
import { endpoint, RESOURCE } from './endpoint.js';
import { issuerRuntime, noMetadata } from './issuer.js';
import { recorder } from './keys.js';

/** Published from the beginning; published by a rotation; of nobody, under the first one's kid; of nobody. */
export const KEYS = { old: rsaKey({ kid: 'old' }), fresh: rsaKey({ kid: 'fresh' }), forged: rsaKey({ kid: 'old' }) };
const nobody = rsaKey({ kid: 'nobody' });

/** Bad without keys; of the known key; forged under its kid; of a key that rotation brings; of no key; without a kid. */
export type TokenKind = 'P' | 'K+' | 'K-' | 'F' | 'U' | 'N';

export interface KeyWorld {
  readonly clock: TestClock;
  readonly issuer: JwksIssuer;
  /** What comes of a token that nobody has seen before, issued `ageSeconds` ago. */
  send(kind: TokenKind, ageSeconds?: number): Promise<string>;
  /** The failure itself. */
  refused(kind: TokenKind): Promise<Failure>;
  /** Holds every answer of the issuer back until the returned function is called. */
  hold(): () => void;
  /** Waits until the issuer was asked this often, and no load is under way. */
  asked(times: number): Promise<void>;
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
  let underWay = 0;
  const counted: FetchJson = (request) => {
    underWay += 1;
    return fetchJson(request).finally(() => {
      underWay -= 1;
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
  const keys = createKeySource({ issuer: issuer.issuer, load, clock, notify, random: () => 1, policy: jwksSchema.parse({}) });
  const at = endpoint({ issuers: [issuer.issuer], issuerAudience: new Map() });
  const issuers = new Map([[issuer.issuer, issuerRuntime({ policy, keys }, clock)]]);
  const bearer = createBearerAuthenticator(issuers, checkAudience, clock);

  async function judge(kind: TokenKind, ageSeconds = 0) {
    const iat = Math.floor(clock.wallMs() / 1000) - ageSeconds;
    const key = { P: KEYS.old, 'K+': KEYS.old, 'K-': KEYS.forged, F: KEYS.fresh, U: nobody, N: KEYS.old }[kind];
    const header = kind === 'N' ? { kid: undefined } : {};
    const claims = { iat, exp: kind === 'P' ? iat - 60 : iat + 7_200 };
    const token = mintToken({ issuer: issuer.issuer, audience: RESOURCE, key, header, claims });
    return withDeadline(`a verdict on ${kind}`, Promise.resolve(bearer.authenticate({ kind: 'bearer', token }, at)));
  }
  return {
    clock,
    issuer,
    async send(kind, ageSeconds) {
      const verdict = await judge(kind, ageSeconds);
      return verdict.ok ? 'ok' : verdict.definition.reason;
    },
    async refused(kind) {
      const verdict = await judge(kind);
      if (verdict.ok) throw new Error(`${kind} is good`);
      return verdict;
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
    asked: (times) => until(`asked ${times} times`, () => issuer.hits.jwks === times && underWay === 0).then(() => undefined),
    stop: () => issuer.stop(),
  };
}
