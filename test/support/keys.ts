// A key source on minted keys, loaded by a function that a test can make fail; and who is told of it.
import { jwksSchema } from '../../src/config/schema/issuer.js';
import type { Notice, Notify } from '../../src/core/notice.js';
import { readKeySet } from '../../src/verify/issuer/jwk-set.js';
import { createKeySource, type JwksPolicy, type KeySource, type Loaded } from '../../src/verify/issuer/jwks.js';
import type { SigningKey } from '../fixtures/mint.js';
import { until } from '../fixtures/wait.js';
import type { TestClock } from './clock.js';

export interface TestKeys {
  readonly source: KeySource;
  readonly notices: Notice[];
  /** How often the keys were asked for. */
  loads: number;
  /** What the issuer publishes. */
  published: SigningKey[];
  /** Why loading fails; null while it works. */
  fails: string | null;
  /** What the failing issuer asks us to wait. */
  retryAfterSeconds: number | undefined;
  maxAgeSeconds: number | null;
  /** While set, a load waits for it. */
  held: Promise<void> | null;
  /** Waits until no load is under way any more and the source has seen what came of it. */
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
}

export function testKeys(clock: TestClock, options: TestKeysOptions = {}): TestKeys {
  const { algorithms = ['RS256'], random = () => 1, issuer = 'https://auth.example.com' } = options;
  const { notices, notify } = recorder();
  let underWay = 0;
  async function fetchKeys(): Promise<Loaded> {
    self.loads += 1;
    const { fails, retryAfterSeconds } = self;
    if (self.held !== null) await self.held;
    if (fails !== null) return { ok: false, detail: fails, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
    const read = await readKeySet({ keys: self.published.map(({ jwk }) => jwk) }, algorithms);
    return read.ok ? { ok: true, set: read.set, maxAgeSeconds: self.maxAgeSeconds } : read;
  }
  function load(): Promise<Loaded> {
    underWay += 1;
    return fetchKeys().finally(() => {
      underWay -= 1;
    });
  }
  const { policy = jwksSchema.parse({}) } = options;
  const source = createKeySource({ issuer, load, clock, notify, random, policy });
  const self: TestKeys = {
    source,
    notices,
    loads: 0,
    published: options.published ?? [],
    fails: null,
    retryAfterSeconds: undefined,
    maxAgeSeconds: null,
    held: null,
    async settled() {
      await until('the load is over', () => underWay === 0);
      await settle();
    },
  };
  return self;
}

/** Lets everything that is ready to run, run. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
