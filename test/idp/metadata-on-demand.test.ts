// Metadata for callers that need it now: one fetch for all of them, and no wait for a newer one.
import { describe, expect, test } from 'vitest';
import type { MetadataDocument } from '../../src/idp/discovery.js';
import { answers } from '../fixtures/raw-upstream.js';
import { until, withDeadline } from '../fixtures/wait.js';
import {
  clock,
  document,
  MINUTE,
  notices,
  published,
  replaceSource,
  server,
  source,
  startMetadataServer,
  unusual,
} from '../support/metadata-server.js';

const { status } = answers;
startMetadataServer();

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
    replaceSource({
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
    expect(await get()).toMatchObject({
      ok: false,
      detail: expect.stringContaining('metadata: status 500'),
      retryAfterSeconds: 1,
    });
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
