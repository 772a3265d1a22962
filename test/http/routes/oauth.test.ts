// The OAuth endpoints over real sockets: methods, CORS, bodies, drain, and the line of the log.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openRaw, type RawResponse, requestBytes } from '../../fixtures/raw-client.js';
import { BRIDGE, basic, CLIENT_CREDENTIALS, encoded, FORM, KEY_A, posted } from '../../support/grants.js';
import { type OAuthListener, startOAuthListener } from '../../support/oauth-listener.js';

let scene: OAuthListener;
beforeEach(async () => {
  scene = await startOAuthListener();
});
afterEach(async () => {
  await scene.listener.drain(0);
});

const {
  token: TOKEN,
  authorize: AUTHORIZE,
  jwks: JWKS,
} = { token: '/oauth/token', authorize: '/oauth/authorize', jwks: '/oauth/jwks' };
const json = ({ body }: RawResponse): Record<string, unknown> => JSON.parse(body) as Record<string, unknown>;
const lineOf = (response: RawResponse) => scene.logs().find(({ requestId }) => requestId === response.header('x-request-id'));
const BODY = encoded(posted('partner-a', KEY_A));

describe('the token endpoint', () => {
  test('grants a token that may not be stored, and any web page may read it', async () => {
    const response = await scene.grant();
    expect([response.status, json(response).token_type]).toEqual([200, 'Bearer']);
    expect(response.header('content-type')).toBe('application/json');
    expect([response.header('cache-control'), response.header('pragma')]).toEqual(['no-store', 'no-cache']);
    expect(response.header('access-control-allow-origin')).toBe('*');
    expect(response.header('content-length')).toBe(String(Buffer.byteLength(response.body)));
    expect(lineOf(response)).toMatchObject({ event: 'page', 'http.response.status_code': 200, 'url.path': TOKEN });
    const again = await scene.send(TOKEN, {
      method: 'POST',
      headers: [[...FORM], [...basic('partner-a', KEY_A)]],
      body: encoded([CLIENT_CREDENTIALS]),
    });
    expect(again.status).toBe(200);
  });

  test('a rejection has its own status, the line of the log says why and who', async () => {
    const headers: [string, string][] = [[...FORM], ['X-Forwarded-For', '198.51.100.7'], ['User-Agent', 'connector/1']];
    const response = await scene.grant(posted('partner-a', 'a-guess'), { headers });
    expect([response.status, json(response)]).toEqual([
      401,
      { error: 'invalid_client', error_description: 'Client authentication failed' },
    ]);
    expect(response.headers('www-authenticate')).toEqual([`Basic realm="${BRIDGE}"`]);
    expect(response.header('access-control-expose-headers')).toContain('WWW-Authenticate');
    expect(lineOf(response)).toMatchObject({
      event: 'oauth.refused',
      level: 'info',
      reason: 'grant.refused',
      'http.response.status_code': 401,
      clientAddress: '198.51.100.7',
      detail: 'invalid_client: no entry has the hash of the secret',
      'user_agent.original': 'connector/1',
    });
    expect(JSON.stringify(scene.logs())).not.toContain('a-guess');
  });

  test('guesses count for the client of a trusted proxy, and not for the proxy', async () => {
    const from = (address: string) => ({ headers: [[...FORM], ['X-Forwarded-For', address]] as [string, string][] });
    const wrong = posted('partner-a', 'wrong');
    for (let i = 0; i < 10; i++) expect((await scene.grant(wrong, from('198.51.100.7'))).status).toBe(401);
    const limited = await scene.grant(wrong, from('198.51.100.7'));
    expect([limited.status, limited.header('retry-after')]).toEqual([429, '60']);
    expect(lineOf(limited)).toMatchObject({ event: 'oauth.limited', level: 'warn', 'http.response.status_code': 429 });
    expect((await scene.grant(wrong, from('198.51.100.8'))).status).toBe(401);
    expect((await scene.grant(posted('partner-a', KEY_A), from('198.51.100.7'))).status).toBe(200);
  });

  test.each(['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH'])('%s gets 405 with Allow', async (method) => {
    const response = await scene.send(TOKEN, { method });
    expect([response.status, response.header('allow')]).toEqual([405, 'POST, OPTIONS']);
    expect(response.header('content-type')).toBe('application/json');
    expect(response.header('access-control-allow-origin')).toBe('*');
    expect(lineOf(response)).toMatchObject({ reason: 'method.refused', detail: method });
  });
});

describe('a body', () => {
  test('of 16 KiB is read; a longer one gets 413 in the form of RFC 6749', async () => {
    const filler = 'x'.repeat(16 * 1024 - BODY.length - 3);
    expect((await scene.grant([], { body: `${BODY}&x=${filler}` })).status).toBe(200);
    for (const headers of [[[...FORM]], [[...FORM], ['Transfer-Encoding', 'chunked']]] as [string, string][][]) {
      const text = `${BODY}&xx=${filler}`;
      const isChunked = headers.length > 1;
      const body = isChunked ? `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n` : text;
      const response = await scene.grant([], { headers, body });
      expect([response.status, json(response).error, response.header('cache-control')]).toEqual([
        413,
        'invalid_request',
        'no-store',
      ]);
      expect(lineOf(response)).toMatchObject({ reason: 'grant.refused', 'http.response.status_code': 413 });
    }
  });

  test('in chunks is read', async () => {
    const headers: [string, string][] = [[...FORM], ['Transfer-Encoding', 'chunked']];
    const body = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;
    expect((await scene.grant([], { headers, body })).status).toBe(200);
  });

  test('after 100-continue is read', async () => {
    const connection = await openRaw(scene.port);
    const lines = `Content-Type: ${FORM[1]}\r\nContent-Length: ${BODY.length}\r\nExpect: 100-continue\r\n`;
    await connection.write(`POST ${TOKEN} HTTP/1.1\r\nHost: a\r\n${lines}\r\n`);
    await expect.poll(() => connection.received()).toContain('100 Continue');
    await connection.write(BODY);
    await expect.poll(() => connection.received()).toContain('access_token');
    connection.destroy();
  });

  test('that is missing is invalid_request', async () => {
    const response = await scene.send(TOKEN, { method: 'POST', headers: [[...FORM]] });
    expect([response.status, json(response).error]).toEqual([400, 'invalid_request']);
  });

  test('with broken chunks is invalid_request', async () => {
    const headers: [string, string][] = [[...FORM], ['Transfer-Encoding', 'chunked']];
    const response = await scene.grant([], { headers, body: 'zz\r\n' });
    expect([response.status, json(response).error]).toEqual([400, 'invalid_request']);
    expect(lineOf(response)).toMatchObject({ reason: 'grant.refused', 'http.response.status_code': 400 });
  });

  test('that its client leaves behind is recorded with 499', async () => {
    const connection = await openRaw(scene.port);
    const bytes = requestBytes(scene.port, { method: 'POST', path: TOKEN, headers: [[...FORM]], body: BODY });
    await connection.write(bytes.subarray(0, bytes.length - 5));
    await expect.poll(() => scene.listener.inFlight()).toBe(1);
    connection.destroy();
    await expect.poll(() => scene.logs()).toHaveLength(1);
    expect(scene.logs()[0]).toMatchObject({ reason: 'client.disconnected', 'http.response.status_code': 499 });
  });
});

test.each([
  [TOKEN, 'POST, OPTIONS'],
  [AUTHORIZE, 'GET, HEAD, POST, OPTIONS'],
  [JWKS, 'GET, HEAD, OPTIONS'],
])('a preflight of %s passes for every origin', async (path, methods) => {
  const headers: [string, string][] = [
    ['Origin', 'https://app.example.com'],
    ['Access-Control-Request-Method', 'POST'],
    ['Access-Control-Request-Headers', 'authorization,mcp-protocol-version'],
  ];
  const response = await scene.send(path, { method: 'OPTIONS', headers });
  expect([response.status, response.body, response.header('access-control-allow-origin')]).toEqual([204, '', '*']);
  expect(response.header('access-control-allow-methods')).toBe(methods);
  expect(response.header('access-control-allow-headers')?.toLowerCase()).toContain('authorization');
});

test.each(['GET', 'POST', 'HEAD'])('%s of the authorization endpoint is 400, in JSON', async (method) => {
  const response = await scene.send(`${AUTHORIZE}?response_type=code&client_id=x`, { method });
  expect([response.status, response.header('content-type')]).toEqual([400, 'application/json']);
  if (method !== 'HEAD') expect(json(response).error).toBe('unsupported_response_type');
  expect(lineOf(response)).toMatchObject({ reason: 'grant.refused', 'http.response.status_code': 400 });
});

test('GET and HEAD of the key set are public and can be stored for a while', async () => {
  for (const method of ['GET', 'HEAD']) {
    const response = await scene.send(JWKS, { method });
    expect([response.status, response.body]).toEqual([200, method === 'GET' ? scene.bridge.jwks.toString() : '']);
    expect(response.header('content-length')).toBe(String(scene.bridge.jwks.length));
    expect(response.header('cache-control')).toBe('public, max-age=300');
    expect(response.header('access-control-allow-origin')).toBe('*');
    expect(lineOf(response)).toMatchObject({ event: 'page' });
  }
  expect((await scene.send(JWKS, { method: 'POST', body: 'x' })).header('allow')).toBe('GET, HEAD, OPTIONS');
});

test('paths beside them are not of the bridge', async () => {
  for (const path of ['/oauth', '/oauth/', '/oauth/token/', '/oauth/Token', '//oauth/token', '/bridge', '/oauth/%74oken'])
    expect([path, (await scene.send(path)).status]).toEqual([path, 404]);
});

test('a draining gateway grants tokens, and closes the connection', async () => {
  const connection = await openRaw(scene.port);
  await expect.poll(() => scene.listener.server.listening).toBe(true);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const drained = scene.listener.drain(2_000);
  await connection.write(requestBytes(scene.port, { method: 'POST', path: TOKEN, headers: [[...FORM]], body: BODY }));
  const response = await connection.response();
  expect([response.status, response.header('connection')]).toEqual([200, 'close']);
  expect(await drained).toBe(0);
});
