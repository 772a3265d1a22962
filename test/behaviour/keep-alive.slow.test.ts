// While an upstream is quiet, only comments keep its event streams alive.
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RawConnection, RawRequest, RawResponse } from '../fixtures/raw-client.js';
import type { Answer } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';
import { call, ends, FIRST, KINDS, LAST, openStream, wholeStream, withoutComments, writes } from '../support/stream-calls.js';

let scene: Scene;
beforeAll(async () => {
  scene = await startScene({
    endpoint: { streams: { keepAliveSeconds: 1 } },
    more: [{ path: '/quiet', streams: { keepAliveSeconds: 0 } }],
  });
});
afterAll(async () => {
  await scene.gateway.stop('SIGKILL');
  await scene.stop();
});
beforeEach(async () => {
  scene.upstream.reset();
  await scene.passes();
  scene.upstream.reset();
});

const token = (path: string): string => scene.token({ audience: scene.gateway.url + path });
const open = (request: RawRequest): Promise<RawConnection> => openStream(scene.gateway.port, request);
const whole = (request: RawRequest): Promise<RawResponse> => wholeStream(scene.gateway.port, request);

describe('B-72: while the upstream is quiet, comments go out', () => {
  test('before the first event and between events of every kind of stream, and no other bytes', async () => {
    scene.upstream.answer(ends(2200, FIRST, 2200, LAST));
    const responses = KINDS.map(async ([, make]) => whole(make({ token: token('/mcp') })));
    for (const response of await Promise.all(responses)) {
      expect([response.status, response.complete, withoutComments(response)]).toEqual([200, true, FIRST + LAST]);
      const comments = response.body.split(FIRST).map((part) => part.match(/^:\n/gm)?.length);
      expect(comments.filter((count) => count !== 2 && count !== 3)).toEqual([]);
    }
  });

  test('not within an event, however it is split; not in JSON; not where they are switched off', async () => {
    const halves = ends('data: {"a"', 1700, ':1}\n', 1700, '\n', 1700);
    const json = writes(['{"jsonrpc":"2.0",', 2200, '"id":"call-7","result":{}}'], 'application/json');
    const asked: [Answer, string][] = [
      [halves, '/mcp'],
      [json, '/mcp'],
      [ends(2200, LAST), '/quiet'],
    ];
    const opened: RawConnection[] = [];
    for (const [answer, path] of asked) {
      scene.upstream.next(answer);
      opened.push(await open(call({ path, token: token(path) })));
      await scene.upstream.waitFor(opened.length);
    }
    const [event, document, quiet] = opened as [RawConnection, RawConnection, RawConnection];
    await until('the end of the JSON', () => document.received().endsWith('{}}\r\n'));
    document.destroy();
    expect(document.received()).not.toContain(':\n');
    expect((await quiet.response({ label: 'a stream without comments' })).body).toBe(LAST);
    expect((await event.response({ label: 'a slow event', ms: 8000 })).body).toMatch(/^:\ndata: {"a":1}\n\n(:\n)+$/);
    for (const connection of [event, quiet]) connection.destroy();
  });
});

test('B-72: a byte order mark after a comment hides no event', async () => {
  const marked = `\u{feff}${LAST}`;
  for (const [path, quietMs, expected] of [
    ['/mcp', 1700, LAST],
    ['/mcp', 0, LAST],
    ['/quiet', 0, marked],
  ] as const) {
    scene.upstream.answer(ends(quietMs, marked));
    expect(withoutComments(await whole(call({ path, token: token(path) })))).toBe(expected);
  }
});

test('B-72, C-137: a compressed stream gets no comments, which would make it unreadable', async () => {
  const packed = gzipSync(FIRST);
  for (const [coding, quiet] of [
    ['identity', false],
    ['gzip', true],
  ] as const) {
    scene.upstream.answer(async ({ req, res }) => {
      req.resume();
      res.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': coding });
      res.flushHeaders();
      await sleep(1700);
      res.end(coding === 'gzip' ? packed : FIRST);
    });
    const { bytes, header } = await whole(call({ token: token('/mcp') }));
    expect(header('content-encoding')).toBe(coding);
    if (quiet) expect(bytes.equals(packed)).toBe(true);
    else expect(String(bytes)).toMatch(/^(:\n)+data: /);
  }
});
