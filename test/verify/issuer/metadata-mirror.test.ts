// The copy of an issuer's metadata: which document may be shown, when it is fetched, and what an outage changes.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Notice } from '../../../src/core/notice.js';
import { fetchJson } from '../../../src/verify/fetch-json.js';
import { createMetadataMirror, type MetadataMirror } from '../../../src/verify/issuer/metadata-mirror.js';
import { answers, type RawUpstream, startRawUpstream } from '../../fixtures/raw-upstream.js';
import { until } from '../../fixtures/wait.js';
import { testClock } from '../../support/clock.js';

const { json, status } = answers;
const MINUTE = 60_000;

let server: RawUpstream;
beforeAll(async () => {
  server = await startRawUpstream(status(404));
});
afterAll(() => server.stop());

/** Waits that the mirror asked for, in order; nothing of them passes by itself. */
let waits: { ms: number; run: () => void; cancelled: boolean }[];
let notices: Notice[];
let mirror: MetadataMirror;

const create = (changes: { addS256?: boolean; random?: () => number } = {}): MetadataMirror =>
  createMetadataMirror({
    issuer: server.url,
    addS256: false,
    fetchJson,
    clock: testClock(),
    later(ms, run) {
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
  waits = [];
  notices = [];
  mirror = create();
});
afterEach(() => {
  mirror.stop();
  server.reset();
});

/** Oddly written, so that whatever writes it anew is found out. */
const oddly = (issuer = server.url): string =>
  `{ "issuer":"${issuer}",\n  "x": 1.0, "jwks_uri" : "${server.url}/jwks", "x": 2e0 }\n`;
const JSON_TYPE: [string, string][] = [['content-type', 'application/json']];
const document = (issuer = server.url) => status(200, JSON_TYPE, oddly(issuer));
const shown = (): string | undefined => mirror.body()?.toString();

/** Lets the last wait be over, and comes back when what it started is over as well. */
async function next(): Promise<number> {
  const before = waits.length;
  waits.at(-1)?.run();
  await until('the next wait', () => waits.length > before);
  return waits.at(-1)?.ms ?? 0;
}

async function begin(): Promise<number> {
  mirror.start();
  await until('the first wait', () => waits.length === 1);
  return waits[0]?.ms ?? 0;
}

describe('a good document', () => {
  test('is shown letter for letter, and read again after an hour', async () => {
    expect(mirror.body()).toBeNull();
    server.answer(document());
    expect(await begin()).toBe(60 * MINUTE);
    expect(shown()).toBe(oddly());
    server.answer(json({ issuer: server.url, another: true }));
    expect(await next()).toBe(60 * MINUTE);
    expect(JSON.parse(shown() ?? '')).toEqual({ issuer: server.url, another: true });
    expect(notices.map(({ event, level }) => [event, level])).toEqual([['metadata.loaded', 'info']]);
  });

  test('is kept while the issuer is down, and after', async () => {
    server.answer(document());
    await begin();
    for (const bad of [status(500), json([]), json({ issuer: `${server.url}/` }), status(404)]) {
      server.answer(bad);
      await next();
      expect(shown()).toBe(oddly());
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

describe('nothing is shown', () => {
  test.each([
    ['without metadata', () => status(404)],
    ['of another issuer', () => document(`${server.url}/`)],
    ['of a list', () => json([{ issuer: server.url }])],
    ['of a text', () => json('x')],
    ['of HTML', () => status(200, [['content-type', 'text/html']], '<!doctype html>')],
    ['of a document that is too long', () => json({ issuer: server.url, pad: 'x'.repeat(256 * 1024) })],
    ['of an error that looks like metadata', () => status(500, [], JSON.stringify({ issuer: server.url }))],
    ['behind a redirect', () => status(302, [['location', `${server.url}/moved`]])],
  ])('%s', async (_name, answer) => {
    server.answer(answer());
    await begin();
    expect(mirror.body()).toBeNull();
    expect(notices.map(({ event, stale }) => [event, stale])).toEqual([['metadata.load_failed', false]]);
    // The positive: the same mirror shows a good one.
    server.answer(document());
    await next();
    expect(shown()).toBe(oddly());
  });
});

describe('the back-off', () => {
  test('doubles from a second to five minutes, with jitter, and starts anew after a good one', async () => {
    server.answer(status(500));
    const steps = [await begin()];
    for (let i = 0; i < 10; i += 1) steps.push(await next());
    expect(steps).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((seconds) => seconds * 1000));
    server.answer(document());
    await next();
    server.answer(status(500));
    expect(await next()).toBe(1000);
  });

  test('is never shorter than half', async () => {
    mirror = create({ random: () => 0 });
    server.answer(status(500));
    expect([await begin(), await next(), await next()]).toEqual([500, 1000, 2000]);
  });
});

describe('PKCE that the issuer fails to mention', () => {
  test('is added where it is asked for, and nothing else changes', async () => {
    mirror = create({ addS256: true });
    server.answer(json({ issuer: server.url, b: 1, a: [2] }));
    await begin();
    expect(shown()).toBe(`{"issuer":"${server.url}","b":1,"a":[2],"code_challenge_methods_supported":["S256"]}`);
  });

  test.each([[['plain']], [[]], [null]])('is left alone where it is mentioned as %j', async (methods) => {
    mirror = create({ addS256: true });
    server.answer(json({ issuer: server.url, code_challenge_methods_supported: methods }));
    await begin();
    expect(JSON.parse(shown() ?? '').code_challenge_methods_supported).toEqual(methods);
  });
});

test('after the stop nothing is fetched and nothing waited for', async () => {
  server.answer(document());
  await begin();
  expect(server.hits).toBeGreaterThan(0);
  mirror.stop();
  expect(waits.map(({ cancelled }) => cancelled)).toEqual([true]);

  let answer = (): void => {};
  server.answer(async (arrived) => {
    await new Promise<void>((resolve) => {
      answer = resolve;
    });
    return document()(arrived);
  });
  mirror = create();
  const asked = server.hits;
  mirror.start();
  await until('it is asked', () => server.hits > asked);
  mirror.stop();
  answer();
  // Another mirror that asks later is through: what was stopped had its time.
  const other = create();
  server.answer(document());
  other.start();
  await until('the other has its copy', () => other.body() !== null);
  other.stop();
  expect([mirror.body(), waits.length]).toEqual([null, 2]);
});
