// The doctor in front of the real gateway: an endpoint of the bridge, and one of API keys alone.
// It reaches a tool call with the client id and its secret, or with the key in its header.
import { generateKeyPairSync, hash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Gateway } from '../fixtures/gateway.js';
import { startConfigured } from '../fixtures/scene.js';
import { startV2Upstream, type V2Upstream } from '../fixtures/upstream-v2.js';
import { linesOf, runAsJson } from './doctor-report.js';

const KEY = randomBytes(32).toString('base64url');
const env = { RING: generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string };

let upstream: V2Upstream;
let gateway: Gateway;
beforeAll(async () => {
  upstream = await startV2Upstream();
  const common = { scopes: ['files:read'], upstream: upstream.url };
  const config = {
    issuers: {},
    apiKeys: { 'partner-a': { sha256: hash('sha256', KEY), scopes: ['files:read'] } },
    bridge: { keys: ['$' + '{env:RING}'] },
    endpoints: [
      { path: '/bridged/mcp', apiKeys: [{ header: 'X-Api-Key' }], ...common },
      { path: '/keys/mcp', apiKeys: [{ header: 'X-Api-Key' }, { scheme: 'Token' }], bridge: false, ...common },
    ],
  };
  gateway = await startConfigured(config, { env });
});
afterAll(async () => {
  await gateway.stop();
  await upstream.stop();
});

const CALLS = ['tool call, modern: era got a result', 'tool call, legacy: era got a result'];

test('an endpoint of the bridge without an id: nothing fails, no warning, and no login', async () => {
  const { code, report } = await runAsJson([`${gateway.url}/bridged/mcp`]);
  expect([code, linesOf(report, 'fail', 'warn')]).toEqual([0, []]);
  expect(linesOf(report, 'ok')).toEqual(
    expect.arrayContaining([
      'kind of login: client credentials: a client needs a client id and a secret, and no browser opens',
      `authorization_servers: ${gateway.url}/bridge`,
      `issuer: issuer is ${gateway.url}/bridge`,
    ]),
  );
  expect(linesOf(report, 'skipped')).toContain('client credentials: there is no client id and no secret to log in with');
});

test('an endpoint of the bridge with the id and the key: the login and the tool call', async () => {
  const args = [`${gateway.url}/bridged/mcp`, '--client-id', 'partner-a', '--tool', 'era'];
  const { code, report } = await runAsJson(args, { PORTCULLIS_DOCTOR_CLIENT_SECRET: KEY });
  expect([code, linesOf(report, 'fail', 'warn')]).toEqual([0, []]);
  const login = `client credentials: ${gateway.url}/oauth/token issued a token for 3600 s`;
  expect(linesOf(report, 'ok')).toEqual(expect.arrayContaining([login, ...CALLS]));
  expect(JSON.stringify(report)).not.toContain(KEY);
});

test('an endpoint of the bridge with a wrong secret: one failure', async () => {
  const args = [`${gateway.url}/bridged/mcp`, '--client-id', 'partner-a'];
  const { code, report } = await runAsJson(args, { PORTCULLIS_DOCTOR_CLIENT_SECRET: `${KEY}x` });
  expect([code, linesOf(report, 'fail')]).toEqual([
    1,
    [expect.stringMatching(/^client credentials: the token endpoint got 401 with application\/json \(invalid_client/)],
  ]);
});

test('an endpoint of API keys alone: one warning, and no failure', async () => {
  const { code, report } = await runAsJson([`${gateway.url}/keys/mcp`]);
  expect([code, linesOf(report, 'fail')]).toEqual([0, []]);
  expect(linesOf(report, 'warn')).toEqual([
    expect.stringMatching(/^authorization_servers: .* a client needs a key in a header$/),
  ]);
});

test.each(['X-Api-Key: ', 'Token '])('an endpoint of API keys alone, with the key after %s', async (before) => {
  const args = [`${gateway.url}/keys/mcp`, '--tool', 'era'];
  const { code, report } = await runAsJson(args, { PORTCULLIS_TOKEN: before + KEY });
  expect([code, linesOf(report, 'fail')]).toEqual([0, []]);
  expect(linesOf(report, 'ok')).toEqual(expect.arrayContaining(['token accepted: the server accepts the key', ...CALLS]));
  expect(JSON.stringify(report)).not.toContain(KEY);
});

test('an endpoint of API keys alone, with an unknown key: one failure that names the header', async () => {
  const { code, report } = await runAsJson([`${gateway.url}/keys/mcp`], { PORTCULLIS_TOKEN: `X-Api-Key: ${KEY}x` });
  expect([code, linesOf(report, 'fail')]).toEqual([
    1,
    ['token accepted: the server answers as if the request had no key in X-Api-Key'],
  ]);
});
