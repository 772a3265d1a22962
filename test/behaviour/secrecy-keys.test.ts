// An API key stays secret, wherever its caller sends it and whatever the answer is: in no answer,
// in no request to the upstream, in no line and in no metric. Neither does the whole hash.
import { createHash, generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type HeaderLine, legacy, modern } from '../fixtures/messages.js';
import type { RawRequest, RawResponse } from '../fixtures/raw-client.js';
import { type Answer, answers, type RecordedRequest } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';

const key = (name: string): string => `sk_live_${createHash('sha256').update(`secrecy of ${name}`).digest('base64url')}`;
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
const [SWAPPED, PLAIN, PAST, UNKNOWN] = ['swapped', 'plain', 'past', 'unknown'].map(key) as [string, string, string, string];
/** A key in the place of a name goes where the name goes: only the log masks it. */
const STRAY = key('stray');
const BACKEND = 'Token backend-credential-77c1';

let scene: Scene;
const answered: { name: string; response: RawResponse }[] = [];
const forwarded: RecordedRequest[] = [];
/** Every secret, with a name for the report. */
const secrets = new Map<string, string>(
  Object.entries({ SWAPPED, PLAIN, PAST, UNKNOWN }).flatMap(([name, value]) => [
    [value, `the key ${name}`],
    [value.slice(8, 24), `a part of the key ${name}`],
    [hashOf(value), `the hash of ${name}`],
    [hashOf(value).slice(0, 12), `more than the fingerprint of ${name}`],
    [Buffer.from(`partner:${value}`).toString('base64'), `${name} in Basic`],
  ]),
);

beforeAll(async () => {
  const apiKeys = [{ header: 'X-Api-Key' }, { scheme: 'Token' }, { bearerPrefix: 'sk_live_' }];
  const [scopes, upstream] = [['files:read'], { maxConcurrentRequests: 4 }];
  scene = await startScene({
    endpoint: { issuers: undefined, apiKeys, scopes },
    upstream,
    root: {
      issuers: undefined,
      bridge: { keys: ['${env:RING}'] },
      apiKeys: {
        swapped: { sha256: hashOf(SWAPPED), scopes, upstreamAuthorization: '${env:UPSTREAM}' },
        partner: { sha256: hashOf(PLAIN), scopes, tenant: 'acme', sunset: '2099-01-01' },
        past: { sha256: hashOf(PAST), scopes, sunset: '2020-01-01' },
      },
    },
    env: {
      UPSTREAM: BACKEND,
      RING: generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    },
  });
  secrets.set(BACKEND.slice(6), 'the credential for the upstream');
});
afterAll(() => scene.stop());

const header = (value: string): HeaderLine[] => [['X-Api-Key', value]];
const authorization = (value: string): HeaderLine[] => [['Authorization', value]];
const call = (headers: HeaderLine[], name = 'x'): RawRequest =>
  modern('tools/call', { params: { name, arguments: {} }, headers });
const grant = (fields: Record<string, string>, headers: HeaderLine[] = []): RawRequest => ({
  method: 'POST',
  path: '/oauth/token',
  headers: [['Content-Type', 'application/x-www-form-urlencoded'], ...headers],
  body: new URLSearchParams({ grant_type: 'client_credentials', ...fields }).toString(),
});

const cases: [string, number, () => RawRequest, Answer?][] = [
  ['a key in its header', 200, () => call(header(PLAIN))],
  ['a key under its scheme', 200, () => call(authorization(`Token ${PLAIN}`))],
  ['a key with its prefix', 200, () => call(authorization(`Bearer ${PLAIN}`))],
  ['a key that the gateway swaps', 200, () => call(header(SWAPPED))],
  ['a key in a GET stream', 200, () => legacy('', { method: 'GET', headers: header(PLAIN) }), answers.sse([])],
  ['a stray key as the name of a tool', 200, () => call(header(PLAIN), STRAY)],
  ['a key in the User-Agent of an unknown key', 401, () => call([...header(UNKNOWN), ['User-Agent', PLAIN]])],
  ['an upstream that rejects the swapped credential', 502, () => call(header(SWAPPED)), answers.json({ refused: BACKEND }, 401)],
  ['an upstream that rejects a key without one', 502, () => call(header(PLAIN)), answers.status(403)],
  ['an upstream that answers the key', 200, () => call(header(PLAIN)), answers.json({ jsonrpc: '2.0', id: 1, result: {} })],
  ['an unknown key', 401, () => call(header(UNKNOWN))],
  ['an unknown key under its scheme', 401, () => call(authorization(`Token ${UNKNOWN}`))],
  ['an unknown key with its prefix', 401, () => call(authorization(`Bearer ${UNKNOWN}`))],
  ['a key after its sunset', 401, () => call(header(PAST))],
  ['a key with a letter less', 401, () => call(header(PLAIN.slice(0, -1)))],
  ['a key under Basic', 401, () => call(authorization(`Basic ${Buffer.from(`partner:${PLAIN}`).toString('base64')}`))],
  ['a key as its own scheme', 401, () => call(authorization(PLAIN))],
  ['two keys', 400, () => call([...header(PLAIN), ...authorization(`Token ${SWAPPED}`)])],
  ['two keys on one line', 400, () => call(authorization(`Bearer ${PLAIN}, Token ${SWAPPED}`))],
  ['a key in the query', 400, () => ({ ...call(header(PLAIN)), path: `/mcp?api_key=${PLAIN}` })],
  ['a key in an unknown path', 404, () => ({ path: `/${PLAIN}` })],
  ['a key as an origin', 403, () => call([...header(PLAIN), ['Origin', `https://${PLAIN}.example`]])],
  ['a key as a session id', 404, () => legacy('tools/list', { headers: [...header(PLAIN), ['Mcp-Session-Id', PLAIN]] })],
  ['a stray key as a bad version', 400, () => legacy('x', { headers: [...header(PLAIN), ['MCP-Protocol-Version', STRAY]] })],
  ['a key in a mirrored header', 400, () => call([...header(PLAIN), ['Mcp-Name', PLAIN]])],
  ['a key in a body that is not JSON', 400, () => ({ ...call(header(PLAIN)), body: `{"${PLAIN}":` })],
  ['a grant for an unknown secret', 401, () => grant({ client_id: 'partner', client_secret: UNKNOWN })],
  ['a grant whose id is a key', 401, () => grant({ client_id: PLAIN, client_secret: UNKNOWN })],
  [
    'a grant with Basic for a past key',
    401,
    () => grant({}, authorization(`Basic ${Buffer.from(`past:${PAST}`).toString('base64')}`)),
  ],
  ['a grant whose resource is a key', 400, () => grant({ client_id: 'partner', client_secret: PLAIN, resource: PLAIN })],
  ['a grant whose scope is a key', 200, () => grant({ client_id: 'partner', client_secret: PLAIN, scope: PLAIN })],
];

test.each(cases)('C-153: %s gets %i', async (name, status, make, answer = answers.rpc()) => {
  scene.upstream.reset();
  scene.upstream.answer(answer);
  const response = await scene.send(make(), { label: name });
  answered.push({ name, response });
  forwarded.push(...scene.upstream.requests);
  expect(response.status).toBe(status);
});

const leaks = (text: string): string[] => [...secrets].filter(([value]) => text.includes(value)).map(([, name]) => name);

test('C-153, C-09: no key is in any answer', () => {
  expect(answered.length).toBe(cases.length);
  for (const { name, response } of answered)
    expect([name, leaks(JSON.stringify(response.rawHeaders) + response.statusText + response.body)]).toEqual([name, []]);
});

test('C-153, A-42: no key reached the upstream in any header, and the configured credential did', () => {
  expect(forwarded.length).toBeGreaterThan(8);
  const credentials = forwarded.map(({ rawHeaders }) => rawHeaders.filter(([name]) => /^(authorization|x-api-key)$/i.test(name)));
  expect(credentials.filter((lines) => lines.length > 0)).toEqual([[['authorization', BACKEND]], [['authorization', BACKEND]]]);
  for (const { rawHeaders, target } of forwarded) {
    const others = rawHeaders.filter(([name]) => !/^(authorization|mcp-name)$/i.test(name));
    expect(leaks(JSON.stringify(others) + target)).toEqual([]);
  }
});

test('C-153, A-66: no key is in the metrics, nor in any line of the log at level debug', async () => {
  const metrics = await scene.gateway.metrics();
  expect(metrics).toContain(`portcullis_api_key_requests_total{fingerprint="${hashOf(PLAIN).slice(0, 8)}"`);
  expect(leaks(metrics)).toEqual([]);
  expect(await scene.gateway.stop()).toBe(0);
  const output = scene.gateway.output();
  expect(output).toContain(`"keyFingerprint":"${hashOf(SWAPPED).slice(0, 8)}"`);
  expect(output).toContain('"gen_ai.tool.name":"[token]"');
  expect([...leaks(output), output.includes(STRAY.slice(8, 24))]).toEqual([false]);
});
