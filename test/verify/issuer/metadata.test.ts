// The source of an issuer's metadata: when it fetches, how an outage changes it, and which copy is
// published.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Notice } from '../../../src/core/notice.js';
import { fetchJson } from '../../../src/verify/fetch-json.js';
import type { MetadataDocument } from '../../../src/verify/issuer/discovery.js';
import { createMetadataSource, type MetadataDependencies, type MetadataSource } from '../../../src/verify/issuer/metadata.js';
import { answers, type RawUpstream, startRawUpstream } from '../../fixtures/raw-upstream.js';
import { until, withDeadline } from '../../fixtures/wait.js';
import { type TestClock, testClock } from '../../support/clock.js';

const { json, status } = answers;
const MINUTE = 60_000;

let server: RawUpstream;
beforeAll(async () => {
  server = await startRawUpstream(status(404));
});
afterAll(() => server.stop());

/** The scheduled waits, in order. Only a test ends one. */
let waits: { ms: number; run: () => void; cancelled: boolean }[];
let notices: Notice[];
let source: MetadataSource;

let clock: TestClock;
const create = (changes: Partial<MetadataDependencies> = {}): MetadataSource =>
  createMetadataSource({
    issuer: server.url,
    timeoutMs: 2_000,
    fetchJson,
    clock,
    schedule(ms, run) {
      const wait = { ms, run, cancelled: false };
      waits.push(wait);
      return () => {
        wait.cancelled = true;
      };
    },
    notify: (notice) => notices.push(notice),
    random: () => 1,
    ...changes,
  });

beforeEach(() => {
  clock = testClock();
  waits = [];
  notices = [];
  source = create();
});
afterEach(() => {
  source.stop();
  server.reset();
});

/** JSON with unusual spacing and numbers, so that a copy that is written anew differs. */
const unusual = (issuer = server.url): string =>
  `{ "issuer":"${issuer}",\n  "x": 1.0, "jwks_uri" : "${server.url}/jwks", "x": 2e0 }\n`;
const JSON_TYPE: [string, string][] = [['content-type', 'application/json']];
const document = (issuer = server.url) => status(200, JSON_TYPE, unusual(issuer));
const published = (): string | undefined => source.last()?.body.toString();

/** Ends the last wait, and resolves when the fetch that it started is over. */
async function next(): Promise<number> {
  const before = waits.length;
  waits.at(-1)?.run();
  await until('the next wait', () => waits.length > before);
  return waits.at(-1)?.ms ?? 0;
}

async function begin(): Promise<number> {
  source.start();
  await until('the first wait', () => waits.length === 1);
  return waits[0]?.ms ?? 0;
}

describe('a good document', () => {
  test('is published byte for byte, and fetched again after an hour', async () => {
    expect(source.last()).toBeNull();
    server.answer(document());
    expect(await begin()).toBe(60 * MINUTE);
    expect(published()).toBe(unusual());
    server.answer(json({ issuer: server.url, another: true }));
    expect(await next()).toBe(60 * MINUTE);
    expect(JSON.parse(published() ?? '')).toEqual({ issuer: server.url, another: true });
    expect(notices.map(({ event, level }) => [event, level])).toEqual([['metadata.loaded', 'info']]);
  });

  test('is kept during an outage of the issuer', async () => {
    server.answer(document());
    await begin();
    for (const bad of [status(500), json([]), json({ issuer: `${server.url}/` }), status(404)]) {
      server.answer(bad);
      await next();
      expect(published()).toBe(unusual());
    }
    expect(notices.slice(1).map(({ event, level, stale }) => [event, level, stale])).toEqual([
      ['metadata.load_failed', 'warn', true],
      ['metadata.load_failed', 'debug', true],
      ['metadata.load_failed', 'debug', true],
      ['metadata.load_failed', 'debug', true],
    ]);
    server.answer(document());
    expect(await next()).toBe(60 * MINUTE);
    expect(notices.at(-1)).toMatchObject({ event: 'metadata.loaded', level: 'info' });
  });
});

describe('no copy is published', () => {
  test.each([
    ['with status 404', () => status(404)],
    ['of another issuer', () => document(`${server.url}/`)],
    ['of a list', () => json([{ issuer: server.url }])],
    ['of a string', () => json('x')],
    ['of HTML', () => status(200, [['content-type', 'text/html']], '<!doctype html>')],
    ['of a document that is too large', () => json({ issuer: server.url, pad: 'x'.repeat(256 * 1024) })],
    ['of an error that looks like metadata', () => status(500, [], JSON.stringify({ issuer: server.url }))],
    ['after a redirect', () => status(302, [['location', `${server.url}/moved`]])],
  ])('%s', async (_name, answer) => {
    server.answer(answer());
    await begin();
    expect(source.last()).toBeNull();
    expect(notices.map(({ event, stale }) => [event, stale])).toEqual([['metadata.load_failed', false]]);
    // The same source publishes a good document.
    server.answer(document());
    await next();
    expect(published()).toBe(unusual());
  });
});

describe('the back-off', () => {
  test('doubles from a second to five minutes, and starts again after a success', async () => {
    server.answer(status(500));
    const steps = [await begin()];
    for (let i = 0; i < 10; i += 1) steps.push(await next());
    expect(steps).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((seconds) => seconds * 1000));
    server.answer(document());
    await next();
    server.answer(status(500));
    expect(await next()).toBe(1000);
  });

  test('is never shorter than half, with jitter', async () => {
    source = create({ random: () => 0 });
    server.answer(status(500));
    expect([await begin(), await next(), await next()]).toEqual([500, 1000, 2000]);
  });
});

describe('on demand', () => {
  const get = (unhelpful: MetadataDocument | null = null) => withDeadline('the metadata', source.get(unhelpful), 5_000);

  test('a document is fetched once for many calls at once, and kept for an hour', async () => {
    server.answer(document());
    const before = server.hits;
    expect((await Promise.all([get(), get(), get()])).map(({ ok }) => ok)).toEqual([true, true, true]);
    const fetched = server.hits - before;
    clock.advance(60 * MINUTE - 1);
    expect((await get()).ok).toBe(true);
    expect(server.hits - before).toBe(fetched);
    clock.advance(1);
    expect((await get()).ok).toBe(true);
    await until('the second fetch', () => server.hits - before === 2 * fetched);
  });

  test('no call waits for the issuer while there is a document, however old', async () => {
    server.answer(document());
    await get();
    server.answer(async () => new Promise<never>(() => {}));
    const before = server.hits;
    clock.advance(61 * MINUTE);
    // The server never answers, and the fetch itself has 2 s.
    const results = Promise.all([get(), get()]);
    expect((await withDeadline('the old document', results, 500)).map(({ ok }) => ok)).toEqual([true, true]);
    await until('one fetch', () => server.hits === before + 1);
  });

  test('while an old document is in use, the back-off doubles up to five minutes', async () => {
    let isDown = false;
    const seconds: number[] = [];
    source = create({
      async fetchJson({ url }) {
        if (!isDown) return { kind: 'answer', status: 200, headers: {}, json: { issuer: server.url }, body: Buffer.of() };
        if (url.includes('oauth-authorization-server')) seconds.push(second);
        return { kind: 'transport', detail: 'ECONNREFUSED' };
      },
    });
    await get();
    isDown = true;
    clock.advance(60 * MINUTE);
    let second = 0;
    for (; second < 1_200; second += 1) {
      expect((await get()).ok).toBe(true);
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(1_000);
    }
    expect(seconds).toEqual([0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 811, 1_111]);
  });

  test('after a failure there is no fetch within the back-off, and the result has its rest', async () => {
    server.answer(status(500));
    expect(await get()).toEqual({ ok: false, detail: 'metadata: status 500', retryAfterSeconds: 1 });
    const before = server.hits;
    clock.advance(999);
    expect(await get()).toMatchObject({ ok: false, retryAfterSeconds: 0.001 });
    expect(server.hits).toBe(before);
    server.answer(document());
    clock.advance(1);
    expect((await get()).ok).toBe(true);
  });

  test('without a document the back-off ends after 2 s at the latest', async () => {
    server.answer(status(500));
    for (let i = 0; i < 10; i += 1) {
      await get();
      clock.advance(2_000);
    }
    server.answer(document());
    expect((await get()).ok).toBe(true);
  });

  test('an old document is used while the issuer is down', async () => {
    server.answer(document());
    await get();
    server.answer(status(500));
    clock.advance(61 * MINUTE);
    expect(await get()).toMatchObject({ ok: true, document: { json: { x: 2 } } });
    // The caller reports its own failure; the events are about the published copy.
    expect(notices).toEqual([]);
  });

  test('a document that did not help is fetched again, after half a second at the earliest', async () => {
    server.answer(document());
    await get();
    const bad = source.last();
    const before = server.hits;
    expect(await get(bad)).toMatchObject({ ok: false, retryAfterSeconds: 0.5 });
    // It may help another caller.
    expect(await get()).toMatchObject({ ok: true });
    expect(server.hits).toBe(before);
    clock.advance(500);
    server.answer(status(500));
    expect(await get(bad)).toMatchObject({ ok: false });
    expect([(await get()).ok, published()]).toEqual([true, unusual()]);
    clock.advance(1000);
    server.answer(document());
    expect(await get(bad)).toMatchObject({ ok: true });
    expect(source.last()).not.toBe(bad);
  });
});

test('after stop() there is no fetch and no wait', async () => {
  server.answer(document());
  await begin();
  expect(server.hits).toBeGreaterThan(0);
  source.stop();
  expect(waits.map(({ cancelled }) => cancelled)).toEqual([true]);

  let answer = (): void => {};
  server.answer(async (arrived) => {
    await new Promise<void>((resolve) => {
      answer = resolve;
    });
    return document()(arrived);
  });
  source = create();
  const before = server.hits;
  source.start();
  await until('it has a request', () => server.hits > before);
  source.stop();
  answer();
  // Another source that starts later has its document: the stopped one had enough time.
  const other = create();
  server.answer(document());
  other.start();
  await until('the other source has its document', () => other.last() !== null);
  other.stop();
  // The late response started no other wait.
  expect(waits.length).toBe(2);
});
