// 1,000 endpoints with one path, each at its own host: each serves its own metadata, challenge and
// upstream, and no other host is served.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Gateway } from '../fixtures/gateway.js';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { modern } from '../fixtures/messages.js';
import { rawRequest } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { startConfigured } from '../fixtures/scene.js';

const HOSTS = 1000;
const SAMPLE = [0, 1, 10, 99, 100, 499, 500, 998, 999];
const hostOf = (i: number): string => `t${i}.example`;
const resourceOf = (i: number): string => `https://${hostOf(i)}/mcp`;

let issuer: JwksIssuer;
let upstream: RawUpstream;
let gateway: Gateway;
beforeAll(async () => {
  [issuer, upstream] = await Promise.all([startJwksIssuer(), startRawUpstream(answers.rpc())]);
  const endpoints = Array.from({ length: HOSTS }, (_, i) => ({
    path: '/mcp',
    host: hostOf(i),
    issuers: ['main'],
    upstream: `${upstream.url}/up-${i}`,
  }));
  gateway = await startConfigured({ issuers: { main: { issuer: issuer.issuer } }, endpoints });
}, 60_000);
afterAll(async () => {
  await gateway.stop();
  await Promise.all([issuer.stop(), upstream.stop()]);
});

const at = (i: number, token?: string) =>
  rawRequest(gateway.port, modern('tools/list', { token, headers: [['Host', hostOf(i)]] }));

describe.each(SAMPLE)('host %i of 1,000', (i) => {
  test('has its own challenge, and its metadata has its own resource', async () => {
    const path = '/.well-known/oauth-protected-resource/mcp';
    expect((await at(i)).header('www-authenticate')).toContain(`"https://${hostOf(i)}${path}"`);
    const { body } = await rawRequest(gateway.port, { path, headers: [['Host', hostOf(i)]] });
    expect(JSON.parse(body)).toMatchObject({ resource: resourceOf(i) });
  });

  test('sends a call to its own upstream, and rejects the token of its neighbour', async () => {
    expect((await at(i, issuer.token({ audience: resourceOf(i) }))).status).toBe(200);
    expect(upstream.last?.target).toBe(`/up-${i}`);
    const { hits } = upstream;
    expect((await at(i, issuer.token({ audience: resourceOf((i + 1) % HOSTS) }))).status).toBe(401);
    expect(upstream.hits).toBe(hits);
  });
});

test('the next host has no endpoint', async () => {
  expect((await at(HOSTS)).status).toBe(421);
});

test('a reload with one more host: in force at once, and the others stay', async () => {
  const text = (extra: object[]) =>
    JSON.stringify({
      publicUrl: `http://127.0.0.1:${gateway.port}`,
      listen: { host: '127.0.0.1', port: gateway.port },
      admin: { host: '127.0.0.1', port: gateway.adminPort },
      logLevel: 'debug',
      issuers: { main: { issuer: issuer.issuer } },
      endpoints: [
        ...Array.from({ length: HOSTS }, (_, i) => ({
          path: '/mcp',
          host: hostOf(i),
          issuers: ['main'],
          upstream: `${upstream.url}/up-${i}`,
        })),
        ...extra,
      ],
    });
  await gateway.reload(text([{ path: '/mcp', host: hostOf(HOSTS), issuers: ['main'], upstream: `${upstream.url}/up-new` }]));
  expect((await at(HOSTS, issuer.token({ audience: resourceOf(HOSTS) }))).status).toBe(200);
  expect(upstream.last?.target).toBe('/up-new');
  expect((await at(999, issuer.token({ audience: resourceOf(999) }))).status).toBe(200);
});
