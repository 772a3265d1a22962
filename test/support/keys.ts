// A key source with minted keys whose loads a test can make fail, and a recorder of notices.
import { jwksSchema } from '../../src/config/schema/issuer.js';
import type { Notice, Notify } from '../../src/core/notice.js';
import { readKeySet } from '../../src/verify/issuer/jwk-set.js';
import { createKeySource, type JwksLoadResult, type JwksPolicy, type KeySource } from '../../src/verify/issuer/jwks.js';
import type { SigningKey } from '../fixtures/mint.js';
import { until } from '../fixtures/wait.js';
import type { TestClock } from './clock.js';

export interface TestKeys {
  readonly source: KeySource;
  readonly notices: Notice[];
  /** Number of loads so far. */
  loads: number;
  /** The keys that the issuer publishes. */
  published: SigningKey[];
  /** Why loads fail; null while they succeed. */
  fails: string | null;
  /** Retry-After of the failing issuer. */
  retryAfterSeconds: number | undefined;
  maxAgeSeconds: number | null;
  /** While this is set, loads wait for it. */
  loadGate: Promise<void> | null;
  /** Waits until no load is in flight and the source has its result. */
  settled(): Promise<void>;
}

export function recorder(): { notices: Notice[]; notify: Notify } {
  const notices: Notice[] = [];
  return { notices, notify: (notice) => void notices.push(notice) };
}

export interface TestKeysOptions {
  readonly published?: SigningKey[];
  readonly algorithms?: readonly string[];
  readonly policy?: JwksPolicy;
  readonly random?: () => number;
  readonly issuer?: string;
  /** 0 unless a test says otherwise. */
  readonly clockToleranceSeconds?: number;
}

export function testKeys(clock: TestClock, options: TestKeysOptions = {}): TestKeys {
  const { algorithms = ['RS256'], random = () => 1, issuer = 'https://auth.example.com' } = options;
  const { notices, notify } = recorder();
  let inFlight = 0;
  async function fetchKeys(): Promise<JwksLoadResult> {
    self.loads += 1;
    const { fails, retryAfterSeconds } = self;
    if (self.loadGate !== null) await self.loadGate;
    if (fails !== null) return { ok: false, detail: fails, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
    const read = await readKeySet({ keys: self.published.map(({ jwk }) => jwk) }, algorithms);
    return read.ok ? { ok: true, set: read.set, maxAgeSeconds: self.maxAgeSeconds } : { ...read, isEmptySet: read.isKeySet };
  }
  function load(): Promise<JwksLoadResult> {
    inFlight += 1;
    return fetchKeys().finally(() => {
      inFlight -= 1;
    });
  }
  const { policy = jwksSchema.parse({}), clockToleranceSeconds = 0 } = options;
  const source = createKeySource({ issuer, load, clock, notify, random, policy, clockToleranceSeconds });
  const self: TestKeys = {
    source,
    notices,
    loads: 0,
    published: options.published ?? [],
    fails: null,
    retryAfterSeconds: undefined,
    maxAgeSeconds: null,
    loadGate: null,
    async settled() {
      await until('the load is over', () => inFlight === 0);
      await settle();
    },
  };
  return self;
}

/** Runs everything that is ready to run. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
