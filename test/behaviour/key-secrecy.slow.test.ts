// No API key, no whole hash of one, no credential for the upstream and no bridge token is in any
// answer, log line or metric, whichever mistake its holder makes.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Grant, granted, tokenRequest } from '../fixtures/bridged.js';
import { type Ask, legacy, modern } from '../fixtures/messages.js';
import { openRaw, type RawRequest, type RawResponse, rawRequest, requestBytes } from '../fixtures/raw-client.js';
import { answers } from '../fixtures/raw-upstream.js';
import { until } from '../fixtures/wait.js';
import {
  type KeyScene,
  keys,
  leaks,
  lineOf,
  misplaced,
  secretParts,
  startKeyScene,
  UPSTREAM_TOKEN,
} from '../support/key-secrets.js';

const { good, prefixed, old, ending, removed, elsewhere, unknown, unknownPrefixed } = keys;
const answered: { name: string; response: RawResponse }[] = [];

let scene: KeyScene;
let { gateway, upstream } = {} as KeyScene;
beforeAll(async () => {
  scene = await startKeyScene();
  ({ gateway, upstream } = scene);
});
afterAll(() => scene.stop());

const call = (headers: Ask['headers'], ask: Ask = {}): RawRequest =>
  modern('tools/call', { params: { name: 'x' }, headers, ...ask });
const grant = (change: Partial<Grant>): RawRequest => tokenRequest({ id: 'good', secret: good.key, ...change });
const form = (body: string, headers: RawRequest['headers'] = []): RawRequest => ({
  method: 'POST',
  path: '/oauth/token',
  headers: [['Content-Type', 'application/x-www-form-urlencoded'], ...headers],
  body,
});

/** Name, status and request. */
const cases: [string, number, () => RawRequest | string][] = [
  ['a key in its header', 200, () => call([['X-Api-Key', good.key]])],
  ['a key under its scheme', 200, () => call([['Authorization', `Token ${good.key}`]])],
  ['a key with a prefix', 200, () => call([['Authorization', `Bearer ${prefixed.key}`]])],
  ['a key before its end', 200, () => call([['X-Api-Key', ending.key]])],
  ['a key after its end', 401, () => call([['X-Api-Key', old.key]])],
  ['a key of another endpoint', 401, () => call([['X-Api-Key', elsewhere.key]])],
  ['an unknown key', 401, () => call([['X-Api-Key', unknown.key]])],
  ['an unknown key with a prefix', 401, () => call([['Authorization', `Bearer ${unknownPrefixed.key}`]])],
  ['a key as a bearer token', 401, () => call([['Authorization', `Bearer ${good.key}`]])],
  ['a key under Basic', 401, () => call([['Authorization', `Basic ${Buffer.from(`good:${good.key}`).toString('base64')}`]])],
  ['a key as its own scheme', 401, () => call([['Authorization', good.key]])],
  [
    'a key twice',
    400,
    () =>
      call([
        ['X-Api-Key', good.key],
        ['Authorization', `Token ${good.key}`],
      ]),
  ],
  ['a key with a space', 401, () => call([['X-Api-Key', `${good.key} x`]])],
  ['a key in the query', 400, () => call([], { path: `/mcp?x-api-key=${good.key}` })],
  ['a key in the query under another name', 400, () => call([], { path: `/mcp?key=${good.key}` })],
  ['a key in an unknown path', 404, () => ({ path: `/${good.key}` })],
  ['a key as a tool', 200, () => call([['X-Api-Key', good.key]], { params: { name: misplaced } })],
  ['a key as a method', 200, () => modern(misplaced, { headers: [['X-Api-Key', good.key]] })],
  [
    'a key as a user agent',
    200,
    () =>
      call([
        ['X-Api-Key', good.key],
        ['User-Agent', `agent/${misplaced}`],
      ]),
  ],
  [
    'a key as an origin',
    403,
    () =>
      call([
        ['X-Api-Key', good.key],
        ['Origin', `https://${prefixed.key}.example`],
      ]),
  ],
  [
    'a key as a session',
    404,
    () =>
      legacy('x', {
        headers: [
          ['X-Api-Key', good.key],
          ['Mcp-Session-Id', good.key],
        ],
      }),
  ],
  [
    'a key as an address',
    401,
    () =>
      call([
        ['X-Api-Key', unknown.key],
        ['X-Forwarded-For', good.key],
      ]),
  ],
  [
    'a media type',
    415,
    () =>
      call([
        ['X-Api-Key', good.key],
        ['Content-Type', 'text/plain'],
      ]),
  ],
  ['a grant by post', 200, () => grant({ by: 'post' })],
  ['a grant with an unknown secret', 401, () => grant({ secret: unknown.key })],
  ['a grant with a secret of another id', 401, () => grant({ secret: prefixed.key })],
  ['id and secret in the wrong order', 401, () => grant({ id: good.key, secret: 'good' })],
  ['id and secret in the wrong order, by post', 401, () => grant({ id: good.key, secret: 'good', by: 'post' })],
  ['the key as both', 401, () => grant({ id: good.key })],
  ['a grant after the end', 401, () => grant({ id: 'old', secret: old.key })],
  ['a key as a scope', 200, () => grant({ form: { scope: good.key } })],
  ['a key as a resource', 400, () => grant({ form: { resource: `https://${good.key}.example/` } })],
  ['a key as a grant type', 400, () => form(`grant_type=${good.key}`)],
  ['a key as a parameter', 400, () => form(`${good.key}=1`)],
  [
    'two ways',
    400,
    () => form(`grant_type=client_credentials&client_id=good&client_secret=${good.key}`, grant({}).headers?.slice(1)),
  ],
  [
    'a secret twice',
    400,
    () => form(`grant_type=client_credentials&client_id=good&client_secret=${good.key}&client_secret=${good.key}`),
  ],
  [
    'a secret in the query',
    400,
    () => ({ ...form('grant_type=client_credentials'), path: `/oauth/token?client_id=good&client_secret=${good.key}` }),
  ],
  [
    'a secret as JSON',
    400,
    () => ({ ...form(`{"client_secret":"${good.key}"}`), headers: [['Content-Type', 'application/json']] }),
  ],
  ['a long grant', 413, () => form(`client_secret=${good.key}&x=${'x'.repeat(20_000)}`)],
  ['a key at the authorization endpoint', 400, () => ({ path: `/oauth/authorize?client_secret=${good.key}` })],
  ['GET of the token endpoint', 405, () => ({ path: `/oauth/token?client_secret=${good.key}` })],
  ['bytes that are not HTTP', 400, () => `GET /mcp HTTP/1.1\r\nX-Api-Key ${good.key}\r\n\r\n`],
  [
    'headers too large',
    431,
    () =>
      call([
        ['X-Api-Key', good.key],
        ['X-Long', `${good.key}${'x'.repeat(70_000)}`],
      ]),
  ],
];

test.each(cases)('C-153: %s gets %i', async (name, status, make) => {
  const response = await rawRequest(gateway.port, make(), { label: name });
  if (response.status === 200 && name.includes('grant')) secretParts(JSON.parse(response.body).access_token);
  answered.push({ name, response });
  expect(response.status).toBe(status);
});

let token: string;
test('C-153: a bridge token where it belongs, and at each wrong place', async () => {
  token = secretParts(await granted(gateway.port, { id: 'removed', secret: removed.key }));
  const other = secretParts(
    await granted(gateway.port, { id: 'prefixed', secret: prefixed.key, form: { resource: `${gateway.url}/other/mcp` } }),
  );
  const requests: [number, RawRequest][] = [
    [200, call([['Authorization', `Bearer ${token}`]])],
    [401, call([['Authorization', `Bearer ${other}`]])],
    [401, call([['Authorization', `Bearer ${token.slice(0, -4)}AAAA`]])],
    [401, call([['Authorization', `Token ${token}`]])],
    [401, call([['X-Api-Key', token]])],
    [401, grant({ secret: token })],
    [400, call([], { path: `/mcp?access_token=${token}` })],
  ];
  for (const [status, request] of requests) {
    const response = await rawRequest(gateway.port, request);
    answered.push({ name: 'a bridge token', response });
    expect(response.status).toBe(status);
  }
});

test('C-153: a removed key, its token and its open stream', async () => {
  upstream.next(answers.sse([{ data: 1 }], { end: false }));
  const stream = await openRaw(gateway.port, { label: 'a stream of the key' });
  await stream.write(requestBytes(gateway.port, legacy('', { method: 'GET', headers: [['X-Api-Key', removed.key]] })));
  await until('the stream is open', () => stream.received().includes('200 OK'));
  scene.keysFile(lineOf('another', unknownPrefixed));
  process.kill(gateway.pid, 'SIGHUP');
  await until('the stream ends', () => stream.received().endsWith('\r\n0\r\n\r\n'));
  stream.destroy();
  for (const request of [
    call([['X-Api-Key', removed.key]]),
    call([['Authorization', `Bearer ${token}`]]),
    tokenRequest({ id: 'removed', secret: removed.key }),
  ]) {
    const response = await rawRequest(gateway.port, request);
    answered.push({ name: 'after the removal', response });
    expect(response.status).toBe(401);
  }
});

test('C-153: no secret is in any answer, but the tokens in the answers to their grants', async () => {
  expect(answered.length).toBeGreaterThan(cases.length);
  for (const { name, response } of answered) {
    const isGrant = response.body.includes('"access_token"');
    const text = JSON.stringify(response.rawHeaders) + response.statusText + (isGrant ? '' : response.body);
    expect([name, leaks(text)]).toEqual([name, []]);
  }
  for (const path of [
    '/oauth/jwks',
    '/.well-known/oauth-authorization-server/bridge',
    '/.well-known/oauth-protected-resource/mcp',
  ])
    expect(leaks(await (await fetch(gateway.url + path)).text())).toEqual([]);
});

test('A-42: the upstream got its own credential for the key that has one, and no key', () => {
  expect(upstream.requests.length).toBeGreaterThan(2);
  for (const { rawHeaders, target } of upstream.requests) {
    const rest = rawHeaders.filter(([, value]) => value !== UPSTREAM_TOKEN);
    // The caller itself sent it a key as a name.
    expect(leaks(JSON.stringify(rest) + target).filter((name) => name !== 'a misplaced key')).toEqual([]);
  }
});

test('C-153, A-66: no secret is in the metrics, nor in any line of the log at level debug', async () => {
  const metrics = await gateway.metrics();
  expect(metrics).toContain(good.fingerprint);
  expect(leaks(metrics)).toEqual([]);
  expect(await gateway.stop()).toBe(0);
  const output = gateway.output();
  expect(output).toContain('"level":"debug"');
  expect(output).toContain(`"keyFingerprint":"${good.fingerprint}"`);
  const lines = output.split('\n').filter((line) => leaks(line).length > 0);
  expect(lines).toEqual([]);
});
