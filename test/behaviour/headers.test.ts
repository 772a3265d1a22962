// The header fields that cross in both directions, for each kind of caller. The whole list is
// compared, so that a new field is noticed.
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Ask, type HeaderLine, legacy, modern } from '../fixtures/messages.js';
import { requestBytes } from '../fixtures/raw-client.js';
import { answers } from '../fixtures/raw-upstream.js';
import { ENV_SECRET, type Scene, startScene } from '../fixtures/scene.js';

let scene: Scene;
beforeAll(async () => {
  scene = await startScene({
    issuer: { introspection: { clientId: 'gateway', clientSecret: ENV_SECRET } },
    endpoint: { passThrough: [{ scheme: 'Token', upstreamVerifies: true, scopes: ['files:read'] }] },
    env: { SECRET: 'introspection-secret' },
  });
  scene.issuer.introspect = (form) => ({
    active: form.get('token') === 'opaque-good',
    aud: scene.resource,
    sub: 'alice',
    scope: 'files:read',
  });
});
afterAll(() => scene.stop());
beforeEach(() => scene.upstream.reset());

/** Fields that no upstream may get, in all spellings that servers take as the same. */
const DROPPED: HeaderLine[] = [
  ['Cookie', 'session=admin'],
  ['Origin', 'http://localhost:3000'],
  ['Referer', 'http://localhost/secret'],
  ['DPoP', 'proof'],
  ['Proxy-Authorization', 'Basic eA=='],
  ['Proxy-Connection', 'keep-alive'],
  ['Keep-Alive', 'timeout=5'],
  ['TE', 'trailers'],
  ['Trailer', 'X-T'],
  ['HTTP2-Settings', 'AAAA'],
  ['Accept-Encoding', 'gzip, br'],
  ['Forwarded', 'for=10.0.0.1;host=evil'],
  ['X-Forwarded-For', '10.0.0.1'],
  ['X-Forwarded-Host', 'evil.example.com'],
  ['X-Forwarded-Proto', 'http'],
  ['X-Forwarded-User', 'admin'],
  ['X_Forwarded_User', 'admin'],
  ['X-Real-IP', '10.0.0.1'],
  ['X-User', 'admin'],
  ['X.User', 'admin'],
  ['X-Auth-Request-Email', 'admin'],
  ['Remote-User', 'admin'],
  ['X-Remote-User', 'admin'],
  ['Client-Cert', ':x:'],
  ['X-Client-Cert', 'x'],
  ['X-Api-Key', 'k'],
  ['X-Original-URL', '/admin'],
  ['X-HTTP-Method-Override', 'DELETE'],
  ['X-Portcullis-Subject', 'admin'],
  ['X-Anything-Else', '1'],
  ['Via', '1.0 somebody'],
];
const KEPT: HeaderLine[] = [
  ['User-Agent', 'test/1.0'],
  ['Accept-Language', 'de'],
  ['Traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
  ['Tracestate', 'a=b'],
  ['Baggage', 'c=d'],
  ['Mcp-Param-Region', 'us'],
  ['Mcp-Param-Name', '=?base64?w6k=?='],
  ['Mcp-Future-Field', 'x'],
];

const USUAL = ['accept', 'connection', 'content-length', 'content-type', 'host', 'mcp-method', 'mcp-protocol-version', 'via'];
const names = (lines: [string, string][]): string[] => lines.map(([name]) => name.toLowerCase()).sort();

describe('C-130, C-131, C-133, C-135, A-44, B-14, B-17, B-55, B-109, C-115, C-121: fields to the upstream', () => {
  test.each<[string, () => string, string[]]>([
    ['a JWT caller', () => `Bearer ${scene.token()}`, []],
    ['an opaque caller', () => 'Bearer opaque-good', []],
    ['a pass-through caller', () => 'Token abc', ['authorization']],
  ])('%s', async (_name, authorization, own) => {
    const headers: Ask['headers'] = [['Authorization', authorization()], ...DROPPED, ...KEPT];
    expect((await scene.send(modern('tools/list', { headers }))).status).toBe(200);
    const seen = scene.upstream.last;
    expect(names(seen?.rawHeaders ?? [])).toEqual(names([...USUAL, ...own].map((name): HeaderLine => [name, '']).concat(KEPT)));
    for (const [name, value] of KEPT) expect(seen?.header(name)).toBe(value);
    expect(seen?.header('accept')).toBe('application/json, text/event-stream');
    expect(seen?.header('host')).toBe(`127.0.0.1:${scene.upstream.port}`);
    expect(seen?.header('via')).toMatch(/^1\.0 somebody, 1\.1 portcullis-[0-9a-f]{12}$/);
    if (own.length > 0) expect(seen?.header('authorization')).toBe(authorization());
    expect([seen?.method, seen?.target, seen?.httpVersion]).toEqual(['POST', '/up', '1.1']);
  });

  test('A-42, A-48: the upstream never gets the token of the caller', async () => {
    const token = scene.token();
    const path = `/mcp?note=${token}`;
    const headers: Ask['headers'] = [
      ['X-Access-Token', token],
      ['Cookie', `token=${token}`],
    ];
    const response = await scene.send(modern('tools/list', { token, path, headers }));
    expect(response.status).toBe(200);
    const seen = scene.upstream.last;
    const everything = `${seen?.target}\n${JSON.stringify(seen?.rawHeaders)}\n${seen?.body}`;
    expect(everything).not.toContain(token);
    for (const part of token.split('.')) expect(everything).not.toContain(part);
    expect(everything).not.toMatch(/bearer|authorization/i);
  });

  test('C-130: fields that Connection names are dropped, in any case and place', async () => {
    const headers: Ask['headers'] = [
      ['Connection', 'keep-alive, User-Agent , tracestate'],
      ['User-Agent', 'hop'],
      ['Tracestate', 'a=b'],
      ['Baggage', 'c=d'],
    ];
    expect((await scene.send(modern('tools/list', { token: scene.token(), headers }))).status).toBe(200);
    expect(names(scene.upstream.last?.rawHeaders ?? [])).toEqual([...USUAL, 'baggage'].sort());
  });

  test('C-130: two Connection lines name as many fields as one (RFC 9110 section 5.3)', async () => {
    const twice: Ask['headers'] = [
      ['Connection', 'keep-alive'],
      ['Connection', 'User-Agent'],
      ['User-Agent', 'hop'],
    ];
    expect((await scene.send(modern('tools/list', { token: scene.token(), headers: twice }))).status).toBe(200);
    expect(names(scene.upstream.last?.rawHeaders ?? [])).toEqual(USUAL);
  });

  test('C-132: Connection cannot name a field on which a decision depends', async () => {
    for (const name of [
      'Authorization',
      'mcp-method',
      'MCP-Protocol-Version',
      'Host',
      'Origin',
      'Content-Type',
      'Mcp-Session-Id',
    ]) {
      await scene.passes({ headers: [['Connection', 'keep-alive']] });
      scene.upstream.reset();
      const response = await scene.send(
        modern('tools/list', { token: scene.token(), headers: [['Connection', `close, ${name}`]] }),
      );
      expect([name, response.status, scene.upstream.hits]).toEqual([name, 400, 0]);
    }
  });

  test('C-138: a chunked body arrives complete, framed by the gateway, without its trailers', async () => {
    const [head = '', body = ''] = requestBytes(1, modern('tools/list', { token: scene.token() }))
      .toString()
      .split('\r\n\r\n');
    const lines = head.replace(/Content-Length: \d+/, 'Transfer-Encoding: chunked\r\nTrailer: X-User');
    const half = body.length >> 1;
    const chunks = [body.slice(0, half), body.slice(half)].map((text) => `${text.length.toString(16)};a=b\r\n${text}\r\n`);
    const trailers = '0\r\nX-User: admin\r\nAuthorization: Token x\r\n\r\n';
    expect((await scene.send(`${lines}\r\n\r\n${chunks.join('')}${trailers}`)).status).toBe(200);
    const seen = scene.upstream.last;
    expect([names(seen?.rawHeaders ?? []), seen?.trailers, seen?.body.toString()]).toEqual([USUAL, [], body]);
  });

  test('B-80, B-85: a modern request has no session; a legacy one has its own, sealed for the caller', async () => {
    scene.upstream.answer(answers.rpc({}, [['Mcp-Session-Id', 'minted']]));
    const sealed = (await scene.send(legacy('tools/list', { token: scene.token() }))).header('mcp-session-id') ?? '';
    expect(sealed).toMatch(/^[\w-]{60,200}$/);
    const headers: Ask['headers'] = [
      ['Mcp-Session-Id', sealed],
      ['Last-Event-ID', '7'],
    ];
    const response = await scene.passes({ headers });
    expect(names(scene.upstream.last?.rawHeaders ?? [])).toEqual(USUAL);
    expect(response.header('mcp-session-id')).toBeUndefined();
    const old = await scene.send(legacy('tools/list', { token: scene.token(), headers }));
    expect([old.status, scene.upstream.last?.header('mcp-session-id')]).toEqual([200, 'minted']);
    expect(scene.upstream.last?.header('last-event-id')).toBe('7');
    expect(old.header('mcp-session-id')).toBe(sealed);
  });
});

describe('C-10, C-143, C-150, C-151: fields to the caller', () => {
  const FOREIGN: HeaderLine[] = [
    ['Server', 'internal/1.0'],
    ['X-Powered-By', 'internal'],
    ['Set-Cookie', 'a=b'],
    ['Alt-Svc', 'h3=":443"'],
    ['Strict-Transport-Security', 'max-age=1'],
    ['Access-Control-Allow-Origin', '*'],
    ['WWW-Authenticate', 'Bearer realm="internal"'],
    ['Proxy-Authenticate', 'Basic'],
    ['Location', 'http://internal.example'],
    ['Via', '1.1 internal'],
    ['Cache-Control', 'public, max-age=3600'],
    ['ETag', '"x"'],
    ['Vary', '*'],
    ['X-Accel-Redirect', '/etc/passwd'],
    ['Connection', 'X-Internal, Retry-After'],
    ['X-Internal', 'secret'],
    ['Retry-After', '3'],
    ['Mcp-Future-Field', 'y'],
  ];
  const OWN = ['cache-control', 'connection', 'content-type', 'date', 'keep-alive', 'mcp-future-field', 'x-request-id'];

  test.each<[string, () => string]>([
    ['a JWT caller', () => `Bearer ${scene.token()}`],
    ['an opaque caller', () => 'Bearer opaque-good'],
    ['a pass-through caller', () => 'Token abc'],
  ])('JSON, for %s', async (_name, authorization) => {
    scene.upstream.answer(answers.json({ jsonrpc: '2.0', id: 1, result: {} }, 200, FOREIGN));
    const response = await scene.passes({ headers: [['Authorization', authorization()]] });
    expect(names(response.rawHeaders).filter((name) => name !== 'transfer-encoding')).toEqual(OWN);
    expect(response.header('cache-control')).toBe('no-store');
    expect(response.header('x-request-id')).toMatch(/^[\w-]{8,64}$/);
    expect(response.body).toBe('{"jsonrpc":"2.0","id":1,"result":{}}');
  });

  test('B-71: an event stream', async () => {
    scene.upstream.answer(answers.sse([{ data: { jsonrpc: '2.0', id: 1, result: {} } }], { headers: FOREIGN }));
    const response = await scene.passes();
    expect(names(response.rawHeaders)).toEqual([...OWN, 'transfer-encoding', 'x-accel-buffering'].sort());
    expect([response.header('x-accel-buffering'), response.header('cache-control')]).toEqual(['no', 'no-store, no-transform']);
    expect(response.body).toBe(':\ndata: {"jsonrpc":"2.0","id":1,"result":{}}\n\n');
  });

  test('D-26, D-27, B-22: an application error and an accepted notification keep status and body', async () => {
    const body = '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"Method not found"}}';
    scene.upstream.next(answers.status(404, [['Content-Type', 'application/json'], ...FOREIGN], body));
    const unknown = await scene.send(modern('foo/bar', { token: scene.token() }));
    expect([unknown.status, unknown.body, unknown.header('cache-control')]).toEqual([404, body, 'no-store']);
    scene.upstream.next(answers.status(202));
    const noted = await scene.send(modern('notifications/progress', { id: null, token: scene.token() }));
    expect([noted.status, noted.body, noted.header('content-type')]).toEqual([202, '', undefined]);
  });

  test('C-137: a compressed answer keeps its coding and length, and decodes to the original', async () => {
    const plain = JSON.stringify({ jsonrpc: '2.0', id: 1, result: { text: 'x'.repeat(5000) } });
    const packed = gzipSync(plain);
    const headers: HeaderLine[] = [
      ['Content-Type', 'application/json'],
      ['Content-Encoding', 'gzip'],
      ['Content-Length', String(packed.length)],
    ];
    scene.upstream.answer(answers.status(200, headers, packed));
    const response = await scene.passes({ headers: [['Accept-Encoding', 'gzip']] });
    expect([response.header('content-encoding'), response.header('content-length')]).toEqual(['gzip', String(packed.length)]);
    expect(gunzipSync(response.bytes).toString()).toBe(plain);
    expect(scene.upstream.last?.header('accept-encoding')).toBeUndefined();
  });
});
