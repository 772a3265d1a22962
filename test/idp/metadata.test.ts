// The source of an issuer's metadata: when it fetches, how an outage changes it, and which copy is
// published.
import { describe, expect, test } from 'vitest';
import { answers } from '../fixtures/raw-upstream.js';
import { until } from '../fixtures/wait.js';
import {
  begin,
  create,
  document,
  MINUTE,
  next,
  notices,
  published,
  replaceSource,
  server,
  source,
  startMetadataServer,
  unusual,
  waits,
} from '../support/metadata-server.js';

const { json, status } = answers;
startMetadataServer();

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
    replaceSource({ random: () => 0 });
    server.answer(status(500));
    expect([await begin(), await next(), await next()]).toEqual([500, 1000, 2000]);
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
  const late = create();
  const before = server.hits;
  late.start();
  await until('it has a request', () => server.hits > before);
  late.stop();
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
