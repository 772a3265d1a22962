// The owner of a session of the legacy revisions: who may use the session, and the answer to
// every other caller.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { type Ask, legacy } from '../fixtures/messages.js';
import type { RawResponse } from '../fixtures/raw-client.js';
import { answers } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { startV1Upstream, type V1Upstream } from '../fixtures/upstream-v1.js';
import { until } from '../fixtures/wait.js';
import { keyText } from '../support/sealing-key.js';

const RAW = 'the-upstream-knows-it-by-this';
const PASS = { passThrough: [{ scheme: 'Token', upstreamVerifies: true, scopes: ['files:read'] }] };
const KEYS = keyText();

let scene: Scene;
let v1: V1Upstream;
let other: JwksIssuer;
beforeAll(async () => {
  [v1, other] = await Promise.all([startV1Upstream(), startJwksIssuer()]);
  scene = await startScene({
    issuers: { other: { issuer: other.issuer } },
    endpoint: { issuers: ['main', 'other'], ...PASS },
    more: [{ path: '/other/mcp' }, { path: '/v1/mcp', upstream: v1.url }],
    root: { sessionKeys: ['${env:SESSION_KEYS}'] },
    env: { SESSION_KEYS: KEYS },
  });
});
afterAll(async () => {
  await scene.stop();
  await Promise.all([v1.stop(), other.stop()]);
});
beforeEach(() => {
  scene.upstream.reset();
  scene.upstream.answer(answers.rpc({}, [['Mcp-Session-Id', RAW]]));
});

function send(method: string, session: string | undefined, ask: Ask = { token: scene.token() }): Promise<RawResponse> {
  const named: [string, string][] = session === undefined ? [] : [['Mcp-Session-Id', session]];
  const headers: Ask['headers'] = [...(ask.headers ?? []), ...named];
  // A GET stream waits five seconds for an upstream that is down.
  return scene.send(legacy(method === 'POST' ? 'tools/list' : '', { ...ask, method, headers }), { ms: 10_000 });
}

/** Begins a session. Resolves to the id that this caller gets. */
async function begun(ask?: Ask): Promise<string> {
  const response = await send('POST', undefined, ask);
  const sealed = response.header('mcp-session-id') ?? '';
  expect([response.status, sealed]).toEqual([200, expect.stringMatching(/^[\w-]{60,200}$/)]);
  return sealed;
}

const METHODS = ['POST', 'GET', 'DELETE'];
const METHODS_AND_OTHERS = METHODS.flatMap((method) =>
  (
    [
      ['another user', () => ({ token: scene.token({ claims: { sub: 'bob' } }) })],
      ['another tenant', () => ({ token: scene.token({ claims: { org_id: 'acme' } }) })],
      ['a machine with the name of the user', () => ({ token: scene.token({ claims: { client_id: 'alice' } }) })],
      ['a user with that name of another issuer', () => ({ token: other.token({ audience: scene.resource }) })],
      [
        'the same user at another endpoint',
        () => ({ path: '/other/mcp', token: scene.token({ audience: `${scene.gateway.url}/other/mcp` }) }),
      ],
      ['a pass-through credential', () => ({ headers: [['Authorization', 'Token l-0123456789']] })],
    ] as [string, () => Ask][]
  ).map(([who, ask]) => [method, who, ask] as const),
);

describe('A-60, A-61, B-83, B-88: a session belongs to its own caller only', () => {
  test.each(METHODS_AND_OTHERS)('%s by %s gets 404, and the upstream gets nothing', async (method, _who, ask) => {
    const session = await begun();
    // Both callers are valid: only the session is not theirs.
    expect((await send(method, session)).status).toBe(200);
    expect((await send(method, undefined, ask())).status).toBe(200);
    const { hits } = scene.upstream;
    const refused = await send(method, session, ask());
    expect([refused.status, refused.headers('www-authenticate'), scene.upstream.hits]).toEqual([404, [], hits]);
    expect(JSON.parse(refused.body)).toMatchObject({ id: null, error: { code: -31404, message: 'Session not found' } });
    expect(await scene.logOf(refused)).toMatchObject({ level: 'warn', event: 'proxy.session', reason: 'session.not_found' });
    expect((await send(method, session)).status).toBe(200);
  });

  test.each(METHODS)('%s without a credential gets 401', async (method) => {
    const session = await begun();
    const { hits } = scene.upstream;
    expect([(await send(method, session, {})).status, scene.upstream.hits]).toEqual([401, hits]);
  });

  test('a pass-through credential has its own sessions', async () => {
    const mine: Ask = { headers: [['Authorization', 'Token l-0123456789']] };
    const session = await begun(mine);
    expect((await send('POST', session, mine)).status).toBe(200);
    const { hits } = scene.upstream;
    const theirs: Ask = { headers: [['Authorization', 'Token l-0123456780']] };
    expect([(await send('POST', session, theirs)).status, scene.upstream.hits]).toEqual([404, hits]);
  });

  test('the id of the upstream is rejected, and so is a changed id', async () => {
    const session = await begun();
    const middle = session.length >> 1;
    const changed = session.slice(0, middle) + (session[middle] === 'A' ? 'B' : 'A') + session.slice(middle + 1);
    for (const text of [RAW, changed, `${session}A`, session.slice(0, -1), '']) {
      expect((await send('POST', session)).status).toBe(200);
      const { hits } = scene.upstream;
      expect([text, (await send('POST', text)).status, scene.upstream.hits]).toEqual([text, 404, hits]);
    }
  });
});

describe('B-80: the session id to the upstream and to the caller', () => {
  test.each(METHODS)('%s: the upstream gets its own id, and the caller gets the sealed one', async (method) => {
    const session = await begun();
    const response = await send(method, session);
    expect([response.status, scene.upstream.last?.header('mcp-session-id')]).toEqual([200, RAW]);
    expect(response.headers('mcp-session-id')).toEqual([session]);
    expect(JSON.stringify(response.rawHeaders) + response.body).not.toContain(RAW);
  });

  test('E-08: a refreshed token keeps the session', async () => {
    const tokens = [scene.token(), scene.token({ ttl: 900, claims: { scope: 'files:read files:write', client_id: 'another' } })];
    const session = await begun({ token: tokens[0] as string });
    for (const token of [...tokens, ...tokens]) {
      const response = await send('POST', session, { token });
      expect([response.status, response.header('mcp-session-id')]).toEqual([200, session]);
    }
  });

  test('an upstream may name no session, or an empty one', async () => {
    for (const lines of [[], [['Mcp-Session-Id', '']]] as [string, string][][]) {
      scene.upstream.answer(answers.rpc({}, lines));
      const response = await send('POST', undefined);
      expect([response.status, response.headers('mcp-session-id')]).toEqual([200, []]);
    }
  });

  test.each<[string, [string, string][]]>([
    ['two of them', [RAW, 'another'].map((id) => ['Mcp-Session-Id', id])],
    ['a space in it', [['Mcp-Session-Id', 'a b']]],
    ['8193 characters', [['Mcp-Session-Id', 'x'.repeat(8193)]]],
  ])('an invalid session id of the upstream, with %s, gets 502', async (_name, lines) => {
    await begun();
    scene.upstream.answer(answers.rpc({}, lines));
    const response = await send('POST', undefined);
    expect([response.status, response.headers('mcp-session-id')]).toEqual([502, []]);
    expect(await scene.logOf(response)).toMatchObject({
      reason: 'upstream.broken',
      detail: expect.stringContaining('session id'),
    });
  });
});

describe('B-80: a server may keep its state in the session id', () => {
  test.each([1_025, 4_096, 8_192])('an id of %d characters comes back to the server unchanged', async (length) => {
    const id = `${'aB3.-_~'.repeat(2_000).slice(0, length - 1)}!`;
    scene.upstream.answer(answers.rpc({}, [['Mcp-Session-Id', id]]));
    const sealed = (await send('POST', undefined)).header('mcp-session-id') ?? '';
    expect(sealed.length).toBeGreaterThan(length);
    for (const method of METHODS) {
      const response = await send(method, sealed);
      expect([response.status, response.header('mcp-session-id')]).toEqual([200, sealed]);
      expect(scene.upstream.last?.header('mcp-session-id')).toBe(id);
    }
    expect((await send('POST', sealed, { token: scene.token({ claims: { sub: 'bob' } }) })).status).toBe(404);
  });

  test('fetch of Node reads the longest one, and sends it beside a long token', async () => {
    const id = 'x'.repeat(8_192);
    scene.upstream.answer(answers.rpc({}, [['Mcp-Session-Id', id]]));
    const token = scene.token({ claims: { note: 'y'.repeat(20_000) } });
    const call = (headers: Record<string, string>): Promise<Response> =>
      fetch(scene.resource, {
        method: 'POST',
        headers: { ...headers, authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
      });
    const begun = await call({});
    const sealed = begun.headers.get('mcp-session-id') ?? '';
    const next = await call({ 'mcp-session-id': sealed });
    expect([begun.status, next.status, scene.upstream.last?.header('mcp-session-id')]).toEqual([200, 200, id]);
    await Promise.all([begun.text(), next.text()]);
  });
});

describe('B-81: only 404 means that the session is over', () => {
  test.each(METHODS)('%s: an upstream that is down gets 502, and the session lives on', async (method) => {
    const session = await begun();
    expect((await send(method, session)).status).toBe(200);
    await scene.upstream.stop();
    expect((await send(method, session)).status).toBe(502);
    await scene.upstream.start();
    await until('the upstream is back', async () => (await send(method, session)).status === 200);
  });

  test.each(METHODS)('%s: a 404 of the upstream is forwarded unchanged', async (method) => {
    const session = await begun();
    scene.upstream.answer(answers.status(404, [], 'gone'));
    const response = await send(method, session);
    expect([response.status, response.body, scene.upstream.last?.header('mcp-session-id')]).toEqual([404, 'gone', RAW]);
    const detail = 'status 404: usual for a session that ended';
    expect(await scene.logOf(response)).toMatchObject({ reason: 'upstream.client_error', detail });
  });

  test.each(METHODS)('%s: a 401 of the upstream without a challenge means that it does not know the session', async (method) => {
    const session = await begun();
    expect((await send(method, session)).status).toBe(200);
    scene.upstream.answer(answers.status(401, [['Content-Type', 'text/plain']], 'Unauthorized: Session not found'));
    const lost = await send(method, session);
    expect([lost.status, lost.headers('www-authenticate'), lost.body]).toEqual([
      404,
      [],
      expect.not.stringContaining('Unauthorized'),
    ]);
    expect(await scene.logOf(lost)).toMatchObject({ reason: 'session.not_found', detail: expect.stringContaining('401') });
    // Without a session, and with a challenge, it is about the gateway.
    expect((await send(method, undefined)).status).toBe(502);
    scene.upstream.answer(answers.status(401, [['WWW-Authenticate', 'Bearer']]));
    expect((await send(method, session)).status).toBe(502);
  });

  test('B-82: a server that needs a session rejects a call without one itself', async () => {
    const ask = { path: '/v1/mcp', token: scene.token({ audience: `${scene.gateway.url}/v1/mcp` }) };
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '0' } };
    const initialized = await scene.send(legacy('initialize', { ...ask, params }));
    const session = initialized.header('mcp-session-id') ?? '';
    expect((await send('POST', session, ask)).status).toBe(200);
    expect((await send('POST', undefined, ask)).status).toBe(400);
  });
});

describe('the key', () => {
  const drawn = (from: Scene): unknown[] => from.gateway.logs().filter(({ event }) => event === 'session.key_drawn');

  test('E-08: without a key each start generates its own, and logs once what that means', async () => {
    const session = await begun();
    const alone = await startScene();
    alone.upstream.answer(answers.rpc({}, [['Mcp-Session-Id', RAW]]));
    const mine = async (headers: Ask['headers'] = []): Promise<RawResponse> =>
      alone.send(legacy('tools/list', { token: alone.token(), headers }));
    const own = (await mine()).header('mcp-session-id') ?? '';
    expect((await mine([['Mcp-Session-Id', own]])).status).toBe(200);
    const { hits } = alone.upstream;
    expect([(await mine([['Mcp-Session-Id', session]])).status, alone.upstream.hits]).toEqual([404, hits]);
    await alone.stop();
    expect(drawn(alone)).toEqual([expect.objectContaining({ level: 'warn', detail: expect.stringContaining('openssl rand') })]);
    expect(drawn(scene)).toEqual([]);
  });
});
