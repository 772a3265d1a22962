// Both eras of the protocol through one gateway: legacy sessions, modern calls, and the answer to
// each method.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Ask, legacy, modern } from '../fixtures/messages.js';
import { openRaw, type RawResponse, requestBytes } from '../fixtures/raw-client.js';
import { answers } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { startV1Upstream, type V1Upstream } from '../fixtures/upstream-v1.js';
import { startV2Upstream, type V2Upstream } from '../fixtures/upstream-v2.js';
import { until } from '../fixtures/wait.js';

let scene: Scene;
let v1: V1Upstream;
let v2: V2Upstream;

beforeAll(async () => {
  [v1, v2] = await Promise.all([startV1Upstream(), startV2Upstream()]);
  scene = await startScene({
    more: [
      { path: '/v1/mcp', upstream: v1.url },
      { path: '/v2/mcp', upstream: v2.url },
    ],
  });
});
afterAll(async () => {
  await scene.stop();
  await Promise.all([v1.stop(), v2.stop()]);
});
beforeEach(() => scene.upstream.reset());

const at = (path: string): Ask => ({ path, token: scene.token({ audience: scene.gateway.url + path }) });

/** The JSON-RPC message of an answer: its JSON, or the last event of its stream. */
function messageOf(response: RawResponse): Record<string, unknown> {
  const events = response.body.split('\n').filter((line) => line.startsWith('data: {'));
  const text = response.header('content-type')?.startsWith('text/event-stream') ? events.at(-1)?.slice(6) : response.body;
  return JSON.parse(text ?? '') as Record<string, unknown>;
}

describe('B-80, B-03, B-04, B-88: a session of the legacy revisions with its upstream', () => {
  test('initialize, call, notification on the GET stream, DELETE', async () => {
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '0' } };
    const initialized = await scene.send(
      legacy('initialize', { ...at('/v1/mcp'), params, headers: [['MCP-Protocol-Version', null]] }),
    );
    expect([initialized.status, initialized.header('cache-control')?.includes('no-store')]).toEqual([200, true]);
    expect(messageOf(initialized)).toMatchObject({ id: 1, result: { protocolVersion: '2025-11-25' } });
    const session = initialized.header('mcp-session-id') ?? '';
    expect(session).toMatch(/^[\x21-\x7e]+$/);
    expect(v1.sessions()).toHaveLength(1);

    const inSession = (): Ask => ({ ...at('/v1/mcp'), headers: [['Mcp-Session-Id', session]] });
    const noted = await scene.send(legacy('notifications/initialized', { ...inSession(), id: null }));
    expect([noted.status, noted.body]).toEqual([202, '']);
    const echo = { name: 'echo', arguments: { text: 'hello' } };
    const called = await scene.send(legacy('tools/call', { ...inSession(), id: 'c', params: echo }));
    expect(messageOf(called)).toMatchObject({ id: 'c', result: { content: [{ type: 'text', text: 'hello' }] } });

    const stream = await openRaw(scene.gateway.port, { label: 'the GET stream' });
    await stream.write(requestBytes(scene.gateway.port, legacy('', { ...inSession(), method: 'GET' })));
    await until('the GET stream is open', () => stream.received().startsWith('HTTP/1.1 200 '));
    v1.announce();
    await until('the notification arrives', () => stream.received().includes('notifications/tools/list_changed'));
    stream.destroy();

    // a session is not a credential.
    expect((await scene.send(legacy('tools/call', { ...inSession(), token: undefined, params: echo }))).status).toBe(401);
    expect((await scene.send(legacy('', { ...inSession(), method: 'DELETE' }))).status).toBe(200);
    expect(v1.sessions()).toEqual([]);
    // B-81: the upstream reports that the session is gone, and the client must get that answer.
    expect((await scene.send(legacy('tools/call', { ...inSession(), params: echo }))).status).toBe(404);
  });

  test('B-03, B-04: the 405 of an upstream without GET streams or DELETE passes unchanged', async () => {
    for (const method of ['GET', 'DELETE']) {
      scene.upstream.reset();
      await scene.passes();
      scene.upstream.reset();
      scene.upstream.answer(answers.status(405, [['Allow', 'POST']]));
      const response = await scene.send(legacy('', { method, token: scene.token() }));
      expect([response.status, response.header('allow'), response.header('cache-control')]).toEqual([405, 'POST', 'no-store']);
      expect([scene.upstream.hits, scene.upstream.last?.method]).toEqual([1, method]);
      // C-146: the gateway adds the Allow header where the upstream forgot it.
      scene.upstream.answer(answers.status(405));
      const silent = await scene.send(legacy('', { method, token: scene.token() }));
      expect([silent.status, silent.headers('allow')]).toEqual([405, ['POST']]);
    }
  });

  test('B-84: Last-Event-ID passes within a session only, and the query never does', async () => {
    scene.upstream.answer(answers.rpc({}, [['Mcp-Session-Id', 'minted']]));
    const session = (await scene.send(legacy('ping', { token: scene.token() }))).header('mcp-session-id') ?? '';
    const resume = (headers: Ask['headers'] = []) => {
      const lines: Ask['headers'] = [['Last-Event-ID', 'stream-1_7'], ...headers];
      return scene.send(legacy('', { method: 'GET', token: scene.token(), headers: lines, path: '/mcp?cursor=1' }));
    };
    expect((await resume([['Mcp-Session-Id', session]])).status).toBe(200);
    expect([scene.upstream.last?.header('last-event-id'), scene.upstream.last?.target]).toEqual(['stream-1_7', '/up']);
    // Without a session the gateway cannot know whose stream that was.
    expect((await resume()).status).toBe(200);
    expect([scene.upstream.last?.header('last-event-id'), scene.upstream.last?.target]).toEqual([undefined, '/up']);
  });
});

describe('B-01, B-100, B-102: modern calls with their upstream', () => {
  test('server/discover, a call, and an unknown method (B-101)', async () => {
    const discovered = await scene.send(modern('server/discover', at('/v2/mcp')));
    expect(messageOf(discovered)).toMatchObject({ id: 1, result: { supportedVersions: expect.arrayContaining(['2026-07-28']) } });
    const params = { name: 'echo', arguments: { text: 'héllo' } };
    const called = await scene.send(modern('tools/call', { ...at('/v2/mcp'), id: 'c', params }));
    expect(messageOf(called)).toMatchObject({ id: 'c', result: { content: [{ type: 'text', text: 'héllo' }] } });
    const unknown = await scene.send(modern('foo/bar', at('/v2/mcp')));
    expect([unknown.status, messageOf(unknown)]).toEqual([
      404,
      expect.objectContaining({ error: expect.objectContaining({ code: -32601 }) }),
    ]);
    expect((await scene.send(modern('server/discover', { path: '/v2/mcp' }))).status).toBe(401);
  });

  test('subscriptions/listen: the acknowledgement first, then the notification', async () => {
    const params = { notifications: { toolsListChanged: true } };
    const stream = await openRaw(scene.gateway.port, { label: 'a subscription' });
    await stream.write(requestBytes(scene.gateway.port, modern('subscriptions/listen', { ...at('/v2/mcp'), id: 'sub', params })));
    await until('the subscription is acknowledged', () => stream.received().includes('notifications/subscriptions/acknowledged'));
    v2.announce();
    await until('the notification arrives', () => stream.received().includes('notifications/tools/list_changed'));
    const text = stream.received();
    expect(text.indexOf('acknowledged')).toBeLessThan(text.indexOf('list_changed'));
    stream.destroy();
  });
});

describe('B-02, B-05, A-28, C-146: methods that are not served get 405 with Allow, after authentication', () => {
  test.each<[string, string, [string, string][], string]>([
    ['PUT', 'PUT', [], 'GET, POST, DELETE'],
    ['PATCH', 'PATCH', [], 'GET, POST, DELETE'],
    ['HEAD', 'HEAD', [], 'GET, POST, DELETE'],
    ['PUT, modern', 'PUT', [['MCP-Protocol-Version', '2026-07-28']], 'POST'],
    ['HEAD, modern', 'HEAD', [['MCP-Protocol-Version', '2026-07-28']], 'POST'],
    ['GET, modern', 'GET', [['MCP-Protocol-Version', '2026-07-28']], 'POST'],
    ['DELETE, modern', 'DELETE', [['MCP-Protocol-Version', '2026-07-28']], 'POST'],
  ])('%s', async (_name, method, headers, allow) => {
    await scene.passes();
    scene.upstream.reset();
    const anonymous = await scene.send(legacy('', { method, headers }));
    expect([anonymous.status, anonymous.header('allow')]).toEqual([401, undefined]);
    const refused = await scene.send(legacy('', { method, headers, token: scene.token() }));
    expect([refused.status, refused.headers('allow'), refused.header('cache-control')]).toEqual([405, [allow], 'no-store']);
    expect(refused.headers('www-authenticate')).toEqual([]);
    if (method !== 'HEAD') expect(JSON.parse(refused.body)).toMatchObject({ error: { code: -31405 } });
    expect(scene.upstream.hits).toBe(0);
  });

  test('C-148: TRACE and CONNECT are never forwarded', async () => {
    await scene.passes();
    scene.upstream.reset();
    const authorization: [string, string] = ['Authorization', `Bearer ${scene.token()}`];
    const trace = await scene.send({ method: 'TRACE', path: '/mcp', headers: [authorization] });
    expect([trace.status, trace.header('allow')]).toEqual([405, 'GET, POST, DELETE']);
    expect((await scene.send(`CONNECT internal.example:80 HTTP/1.1\r\nHost: x\r\n\r\n`)).status).toBe(400);
    expect(scene.upstream.hits).toBe(0);
    await scene.passes();
  });

  test('B-06: the transport of 2024 is not offered', async () => {
    for (const path of ['/sse', '/mcp/sse', '/messages']) {
      expect((await scene.send({ path, headers: [['Accept', 'text/event-stream']] })).status).toBe(404);
    }
  });
});
