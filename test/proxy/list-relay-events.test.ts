// Lists in event streams: filtered event by event, or the stream breaks off.
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { MAX_LIST_BYTES } from '../../src/proxy/list-relay.js';
import { legacy, modern } from '../fixtures/messages.js';
import { type Answer, answers } from '../fixtures/raw-upstream.js';
import { until } from '../fixtures/wait.js';
import {
  ask,
  expectBroken,
  gateway,
  JSON_LINE,
  left,
  list,
  open,
  requests,
  startListGateway,
  upstream,
} from '../support/list-gateway.js';

startListGateway();

describe('an event stream', () => {
  const event = (text: string): string => `id: 3\ndata: ${text}\n\n`;
  /** Writes one part for each call of `go`. */
  function steps(...parts: string[]): { answer: Answer; go(): void } {
    let go = (): void => {};
    const answer: Answer = async ({ req, res }) => {
      req.resume();
      res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
      res.flushHeaders();
      for (const part of parts) {
        await new Promise<void>((resolve) => {
          go = resolve;
        });
        res.write(part);
      }
      res.end();
    };
    return { answer, go: () => go() };
  }

  test.each(requests)('%s: each event is relayed as it arrives, with its lists filtered (A-37, B-70)', async (_era, request) => {
    const { answer, go } = steps(event('{"jsonrpc":"2.0","method":"a"}'), ': ping\n', event(list('a', 'no')), event('[]'));
    upstream.answer(answer);
    const connection = await open(request);
    await until('the head', () => connection.received().includes('\r\n\r\n'));
    for (const seen of ['"method":"a"}\n\n', ': ping\n', `${event(left('a'))}`, '[]\n\n']) {
      expect(connection.received()).not.toContain(seen);
      go();
      await until(`the event ${seen}`, () => connection.received().includes(seen));
    }
    const response = await connection.response();
    expect([response.complete, response.body]).toEqual([
      true,
      `:\n${event('{"jsonrpc":"2.0","method":"a"}')}: ping\n${event(left('a'))}${event('[]')}`,
    ]);
    expect(response.header('x-accel-buffering')).toBe('no');
    expect(gateway.ends).toEqual(['ok']);
    expect(upstream.last?.header('accept-encoding')).toBe('identity');
  });

  test('with an error status is filtered too', async () => {
    upstream.answer(answers.status(404, [['content-type', 'text/event-stream']], event(list('a', 'no'))));
    const response = await ask(legacy('tools/list'));
    expect([response.status, response.body]).toEqual([404, event(left('a'))]);
  });

  test('with a Content-Length loses it', async () => {
    const text = event(list('no'));
    upstream.answer(
      answers.status(
        200,
        [
          ['content-type', 'text/event-stream'],
          ['content-length', String(text.length)],
        ],
        text,
      ),
    );
    const response = await ask(legacy('tools/list'));
    expect([response.complete, response.body, response.header('content-length')]).toEqual([
      true,
      `:\n${event(left())}`,
      undefined,
    ]);
  });

  test('without a blank line at its end is filtered to the last byte', async () => {
    upstream.answer(answers.status(200, [['content-type', 'text/event-stream']], event(list('a', 'no')).trimEnd()));
    expect((await ask(legacy('tools/list'))).body).toBe(`:\n${event(left('a')).trimEnd()}`);
  });

  test.each<[string, string, string]>([
    ['that is not JSON', event('tools'), 'not JSON-RPC'],
    ['that two clients could read in two ways', event(list('a').replace('"name"', '"Name":"b","name"')), 'is repeated'],
    ['that never ends', `data: ${'x'.repeat(MAX_LIST_BYTES)}`, 'more than'],
    ['that is incomplete at the end', event(list('a')).slice(0, -6), 'not JSON-RPC'],
  ])('with an event %s is cut after the events before it', async (_what, text, detail) => {
    upstream.answer(answers.status(200, [['content-type', 'text/event-stream']], event(list('b', 'no')) + text));
    const response = await ask(legacy('tools/list'));
    expect([response.status, response.complete]).toEqual([200, false]);
    expect(response.body).toBe(`:\n${event(left('b'))}`);
    await until('the exchange has ended', () => gateway.ends.length > 0);
    expect(gateway.ends.join()).toMatch(new RegExp(`^stream\\.broken: unreadable list: .*${detail}`));
    upstream.answer(answers.status(200, [JSON_LINE], list('no')));
    for (let i = 0; i < 3; i++) expect((await ask(modern('tools/list'))).body).toBe(left());
  });

  test('that is compressed is 502', async () => {
    upstream.answer(
      answers.status(
        200,
        [
          ['content-type', 'text/event-stream'],
          ['content-encoding', 'gzip'],
        ],
        gzipSync(event(list('a'))),
      ),
    );
    await expectBroken(await ask(legacy('tools/list')), /^upstream\.broken: a list in a compressed response/);
  });

  test('that the upstream cuts is cut without the incomplete event', async () => {
    upstream.answer(
      answers.cut({ body: event(list('a')) + event(list('b')).slice(0, 30), headers: [['content-type', 'text/event-stream']] }),
    );
    const response = await ask(legacy('tools/list'));
    expect([response.complete, response.body]).toEqual([false, `:\n${event(left('a'))}`]);
  });

  test('is aborted at once where the caller disconnects (B-73)', async () => {
    upstream.answer(answers.sse([{ data: JSON.parse(list('a')), id: '3' }], { end: false }));
    for (let i = 1; i <= 3; i++) {
      const connection = await open(modern('tools/list'));
      const seen = await upstream.waitFor(i, ({ bodyComplete }) => bodyComplete);
      await until('the list', () => connection.received().includes('"name":"a"'));
      connection.destroy();
      await until('the upstream sees the disconnect', () => seen.closedAt !== undefined);
      await until('the exchange has ended', () => gateway.ends.length === i);
    }
  });
});
