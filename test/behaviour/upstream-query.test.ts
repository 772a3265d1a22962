// An upstream whose URL has a query, such as ?read_only=true: every request goes to path and query
// as written, and no part of the request of the client joins them (C-144).
import { afterEach, expect, test } from 'vitest';
import { legacy, modern } from '../fixtures/messages.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';

let scene: Scene | undefined;
let upstream: RawUpstream | undefined;
afterEach(async () => {
  await scene?.stop();
  await upstream?.stop();
});

test.each([
  ['/mcp?read_only=true', '/mcp?read_only=true'],
  ['/mcp?toolsets=a,b&x=%2F+y', '/mcp?toolsets=a,b&x=%2F+y'],
  ['?read_only=true', '/?read_only=true'],
  ['/mcp/?', '/mcp/'],
])('C-144: %s', async (written, target) => {
  upstream = await startRawUpstream(answers.rpc());
  const made = await startScene({ upstream: { url: upstream.url + written } });
  scene = made;
  const token = made.token();
  for (const path of ['/mcp', '/mcp?read_only=false&x=1']) {
    expect((await made.send(modern('tools/list', { path, token }))).status).toBe(200);
    for (const method of ['GET', 'DELETE']) expect((await made.send(legacy('', { method, path, token }))).status).toBe(200);
  }
  expect(upstream.requests.map((request) => request.target)).toEqual(Array.from({ length: 6 }, () => target));
});
