// Secrets stay secret and answers are not stored, for each kind of answer in this file.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Ask, legacy, modern } from '../fixtures/messages.js';
import { openRaw, type RawRequest, type RawResponse, requestBytes } from '../fixtures/raw-client.js';
import { type Answer, answers, type RecordedRequest } from '../fixtures/raw-upstream.js';
import { ENV_SECRET, type Scene, startScene } from '../fixtures/scene.js';

const CLIENT_SECRET = 'introspection-secret-7f3a';
const LEGACY_KEY = 'legacy-key-91bc';
const HEADER_KEY = 'header-key-55de';
const COOKIE = 'cookie-secret-20ee';
const BODY_MARK = 'argument-secret-3c11';

let scene: Scene;
/** Every secret that the gateway got, with a name for the report. */
const secrets = new Map<string, string>([
  [CLIENT_SECRET, 'the client secret'],
  [Buffer.from(`gateway:${CLIENT_SECRET}`).toString('base64'), 'the client secret in base64'],
  [LEGACY_KEY, 'the pass-through key'],
  [HEADER_KEY, 'the key in a header'],
  [COOKIE, 'a cookie'],
  [BODY_MARK, 'an argument of a call'],
]);
const answered: { name: string; response: RawResponse }[] = [];
const forwarded: RecordedRequest[] = [];

const secret = (name: string, token: string): string => {
  secrets.set(token, name);
  // Parts of a JWT are secrets, too, except the first, which is the same for all tokens of a key.
  const [, claims, signature] = token.split('.');
  for (const part of [claims, signature]) if (part !== undefined && part.length > 8) secrets.set(part, `a part of ${name}`);
  return token;
};

beforeAll(async () => {
  scene = await startScene({
    issuer: { introspection: { clientId: 'gateway', clientSecret: ENV_SECRET } },
    endpoint: { passThrough: [{ scheme: 'Token', upstreamVerifies: true, scopes: ['files:read'] }] },
    upstream: { headersTimeoutMs: 300, maxConcurrentRequests: 1 },
    more: [
      { path: '/key/mcp', passThrough: [{ header: 'X-Api-Key', upstreamVerifies: true }] },
      { path: '/away/mcp', upstream: 'http://127.0.0.1:1/mcp' },
    ],
    env: { SECRET: CLIENT_SECRET },
  });
  // This issuer repeats the token in its responses.
  scene.issuer.introspect = (form) => {
    const token = form.get('token') ?? '';
    const good = { active: true, aud: scene.resource, sub: 'alice', scope: 'files:read' };
    if (token.includes('good')) return good;
    return token.includes('odd') ? { active: `"${token}"`, error: token, error_description: token } : { active: false, token };
  };
});
afterAll(() => scene.stop());

const PUBLIC: [string, string][] = [['Cache-Control', 'public, max-age=3600']];
const json = (status: number): Answer => answers.json({ jsonrpc: '2.0', id: 1, result: {} }, status, PUBLIC);

const call = (ask: Ask = {}): RawRequest =>
  modern('tools/call', {
    params: { name: 'x', arguments: { note: BODY_MARK } },
    token: secret('a valid token', scene.token()),
    ...ask,
    headers: [['Cookie', `session=${COOKIE}`], ...(ask.headers ?? [])],
  });
const as = (value: string, ask: Ask = {}): RawRequest =>
  call({ ...ask, headers: [...(ask.headers ?? []), ['Authorization', value]] });

/** Name, status, request, and the answer of the upstream. */
const cases: [string, number, () => RawRequest | string, Answer?][] = [
  ['JSON', 200, () => call(), json(200)],
  ['an event stream', 200, () => call(), answers.sse([{ data: 1 }], { headers: PUBLIC })],
  ['an accepted notification', 202, () => call({ id: null }), answers.status(202, PUBLIC)],
  [
    'a GET stream',
    200,
    () => legacy('', { method: 'GET', token: secret('a token', scene.token()) }),
    answers.sse([], { headers: PUBLIC }),
  ],
  ['DELETE', 204, () => legacy('', { method: 'DELETE', token: secret('a token', scene.token()) }), answers.status(204, PUBLIC)],
  ['a preflight', 204, () => ({ method: 'OPTIONS', path: '/mcp', headers: [['Origin', 'http://localhost:1']] })],
  ...[400, 404, 409, 422, 429, 500, 503].map((status): (typeof cases)[number] => [
    `${status} of the upstream`,
    status,
    () => call(),
    json(status),
  ]),
  ['an opaque token', 200, () => as(`Bearer ${secret('an opaque token', 'opaque-good-0aa1')}`)],
  ['an inactive token', 401, () => as(`Bearer ${secret('an inactive token', 'opaque-off-77e2')}`)],
  ['an odd introspection', 503, () => as(`Bearer ${secret('an odd token', 'opaque-odd-18f0')}`)],
  ['a pass-through key', 200, () => as(`Token ${LEGACY_KEY}`)],
  [
    'a pass-through key that the upstream rejects',
    401,
    () => as(`Token ${LEGACY_KEY}`),
    answers.json({ refused: LEGACY_KEY }, 401),
  ],
  ['a JWS under Token', 401, () => as(`Token ${secret('a token under Token', scene.token())}`)],
  [
    'a key in a header',
    200,
    () =>
      call({
        path: '/key/mcp',
        headers: [
          ['Authorization', null],
          ['X-Api-Key', HEADER_KEY],
        ],
      }),
  ],
  ['a key beside a token', 400, () => call({ path: '/key/mcp', headers: [['X-Api-Key', HEADER_KEY]] })],
  ['two credentials', 400, () => as(`Bearer ${secret('the first of two', scene.token())}, Token ${LEGACY_KEY}`)],
  ['a token with a space', 400, () => as(`Bearer ${secret('a token with a space', scene.token())} x`)],
  ['a token under Basic', 401, () => as(`Basic ${secret('a token under Basic', scene.token())}`)],
  ['a token as its own scheme', 401, () => as(secret('a token without a scheme', scene.token()))],
  ['an expired token', 401, () => call({ token: secret('an expired token', scene.token({ ttl: -99 })) })],
  ['a token for another', 401, () => call({ token: secret('a token for another', scene.token({ audience: 'x' })) })],
  ['a forged token', 401, () => call({ token: secret('a forged token', scene.token({ signature: Buffer.alloc(256, 3) })) })],
  [
    'a token of an unknown issuer',
    401,
    () => call({ token: secret('a token of an unknown issuer', scene.token({ issuer: 'https://x.example' })) }),
  ],
  ['a token without scope', 403, () => call({ token: secret('a token without scope', scene.token({ claims: { scope: 'x' } })) })],
  [
    'a token in the query',
    400,
    () => modern('x', { path: `/mcp?access_token=${secret('a token in the query', scene.token())}` }),
  ],
  ['a token in an unknown path', 404, () => ({ path: `/${secret('a token in the path', scene.token())}` })],
  ['a token in a long target', 414, () => ({ path: `/${secret('a token in a long target', scene.token())}${'x'.repeat(9000)}` })],
  ['a foreign origin', 403, () => call({ headers: [['Origin', 'https://evil.example']] })],
  ['a method', 405, () => call({ method: 'PUT' })],
  ['a media type', 415, () => call({ headers: [['Content-Type', 'text/plain']] })],
  ['a body too large', 413, () => call({ body: ' '.repeat(4_200_000) })],
  ['a body that is not JSON', 400, () => call({ body: `{"${BODY_MARK}":` })],
  ['a mismatch', 400, () => call({ headers: [['Mcp-Name', BODY_MARK]] })],
  ['a version', 400, () => legacy('x', { token: secret('a token', scene.token()), headers: [['MCP-Protocol-Version', '1']] })],
  ['a broken answer', 502, () => call(), answers.raw(`HTTP/1.1 200 OK\r\nX: ${COOKIE}\r\nContent-Length: x\r\n\r\n`)],
  [
    'an upstream that rejects the gateway',
    502,
    () => call(),
    answers.status(403, [['WWW-Authenticate', `Bearer x="${CLIENT_SECRET}"`]]),
  ],
  ['no answer', 504, () => call(), answers.stall()],
  [
    'an upstream that is down',
    502,
    () => call({ path: '/away/mcp', token: scene.token({ audience: `${scene.gateway.url}/away/mcp` }) }),
  ],
  [
    'bytes that are not HTTP',
    400,
    () => `GET /mcp HTTP/1.1\r\nAuthorization Bearer ${secret('a token in garbage', scene.token())}\r\n\r\n`,
  ],
  [
    'headers too large',
    431,
    () => call({ headers: [['X-Long', `${secret('a token in a long header', scene.token())}${'x'.repeat(70_000)}`]] }),
  ],
  [
    'Content-Length and Transfer-Encoding',
    400,
    () =>
      call({
        headers: [
          ['Content-Length', '5'],
          ['Transfer-Encoding', 'chunked'],
        ],
      }),
  ],
];

test.each(cases)('C-150, C-153: %s gets %i', async (name, status, make, answer) => {
  scene.upstream.reset();
  if (answer !== undefined) scene.upstream.answer(answer);
  const response = await scene.send(make(), { label: name });
  answered.push({ name, response });
  forwarded.push(...scene.upstream.requests);
  expect(response.status).toBe(status);
});

test('C-150, C-153: 503 where the issuer is down and the upstream is busy', async () => {
  await scene.passes();
  await scene.issuer.setMode('500');
  const unknown = secret('a token of an unknown key', scene.token({ header: { kid: 'never-seen' } }));
  answered.push({ name: 'keys unavailable', response: await scene.send(call({ token: unknown })) });
  answered.push({
    name: 'introspection unavailable',
    response: await scene.send(as(`Bearer ${secret('an opaque token', 'opaque-away-5d')}`)),
  });
  await scene.issuer.setMode('ok');
  scene.upstream.reset();
  scene.upstream.answer(answers.stall());
  const holder = await openRaw(scene.gateway.port, { label: 'a call that takes the only slot' });
  await holder.write(requestBytes(scene.gateway.port, call()));
  await scene.upstream.waitFor(1);
  // One call may wait for the slot, and the other one may not.
  const calls = [scene.send(call()), scene.send(call())];
  answered.push({ name: 'busy', response: await Promise.race(calls) });
  holder.destroy();
  await Promise.all(calls);
  expect(answered.slice(-3).map(({ response }) => response.status)).toEqual([503, 503, 503]);
});

test('C-150, C-151: each of these answers has no-store, and none has public', () => {
  expect(answered.length).toBeGreaterThan(cases.length);
  for (const { name, response } of answered) {
    expect([name, response.headers('cache-control')]).toEqual([name, [expect.stringMatching(/^no-store(, no-transform)?$/)]]);
  }
});

const leaks = (text: string): string[] => [...secrets].filter(([value]) => text.includes(value)).map(([, name]) => name);

test('C-153, C-09, D-08: no secret is in any answer', () => {
  for (const { name, response } of answered) {
    expect([name, leaks(JSON.stringify(response.rawHeaders) + response.statusText + response.body)]).toEqual([name, []]);
  }
});

test('C-153, A-42: no secret reached the upstream, except those that its callers sent to it', () => {
  expect(forwarded.length).toBeGreaterThan(15);
  for (const { rawHeaders, target, body } of forwarded) {
    const legacyLines = rawHeaders.filter(([name]) => /^(authorization|x-api-key)$/i.test(name)).map(([, value]) => value);
    for (const value of legacyLines) expect([`Token ${LEGACY_KEY}`, HEADER_KEY]).toContain(value);
    const rest = rawHeaders.filter(([, value]) => !legacyLines.includes(value));
    expect(leaks(JSON.stringify(rest) + target)).toEqual([]);
    expect(leaks(body.toString()).filter((name) => name !== 'an argument of a call')).toEqual([]);
  }
});

test('C-153, A-66: no secret is in the metrics, nor in any line of the log at level debug', async () => {
  expect(secrets.size).toBeGreaterThan(40);
  expect(leaks(await scene.gateway.metrics())).toEqual([]);
  // At its end the process writes the lines that still wait.
  expect(await scene.gateway.stop()).toBe(0);
  const output = scene.gateway.output();
  expect(output).toContain('"level":"debug"');
  expect(leaks(output)).toEqual([]);
});
