// The program around an embedded gateway makes its own TLS checks and its own dispatcher lax. The
// gateway keeps to its own.
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Agent, getGlobalDispatcher, setGlobalDispatcher } from 'undici';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { createFetchJson } from '../../src/idp/fetch-json.js';
import { createGateway, type RunningGateway } from '../../src/index.js';
import { usesProxyOfNode } from '../../src/launch/proxy-of-node.js';
import { certificate } from '../fixtures/certificate.js';
import { fetchJson } from '../fixtures/fetch-json.js';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { modern } from '../fixtures/messages.js';
import { listen } from '../fixtures/ports.js';
import { rawRequest } from '../fixtures/raw-client.js';

const PUBLIC = 'https://mcp.example.com';
const { cert, key } = certificate({ name: 'signed by itself', hosts: ['127.0.0.1'] });
const ofProgram = getGlobalDispatcher();
let requests = 0;
const stranger = createServer({ cert, key }, (_request, response) => {
  requests++;
  response.end('{}');
});
stranger.on('tlsClientError', () => {});
let issuer: JwksIssuer;
let url: string;

beforeAll(async () => {
  issuer = await startJwksIssuer();
  await listen(stranger);
  url = `https://127.0.0.1:${(stranger.address() as AddressInfo).port}`;
});
afterEach(() => {
  setGlobalDispatcher(ofProgram);
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  requests = 0;
});
afterAll(async () => {
  stranger.close();
  await issuer.stop();
});

const fetchKeys = () => fetchJson({ url: `${url}/jwks`, deadlineMs: 5000, maxBytes: 1024 });

test('an issuer with a bad certificate stays an outage beside a lax dispatcher', async () => {
  setGlobalDispatcher(new Agent({ connect: { rejectUnauthorized: false } }));
  expect((await fetch(url)).status).toBe(200);
  expect(await fetchKeys()).toMatchObject({ kind: 'transport' });
  expect(requests).toBe(1);
});

test('NODE_TLS_REJECT_UNAUTHORIZED, set after the start, changes neither fetches nor calls', async () => {
  const gateway: RunningGateway = await createGateway({
    config: {
      publicUrl: PUBLIC,
      listen: { port: 0 },
      admin: { port: 0 },
      issuers: { main: { issuer: issuer.issuer } },
      endpoints: [{ path: '/mcp', issuers: ['main'], upstream: `${url}/mcp` }],
    },
    log: false,
  });
  try {
    // Node warns of the variable.
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    expect(await fetchKeys()).toMatchObject({ kind: 'transport' });
    const token = issuer.token({ audience: `${PUBLIC}/mcp` });
    const answer = await rawRequest(Number(new URL(gateway.url).port), modern('tools/list', { token }));
    expect(answer.status).toBe(502);
    expect(requests).toBe(0);
  } finally {
    await gateway.close({ drainSeconds: 0 });
  }
});

test.each([
  ['NODE_USE_ENV_PROXY', '1'],
  ['NODE_OPTIONS', '--max-old-space-size=99 --use-env-proxy'],
])('the proxy of Node holds for the fetches too: %s=%s', async (name, value) => {
  const targets: string[] = [];
  const proxy = createHttpServer().on('connect', ({ url: target }, socket) => {
    targets.push(String(target));
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  await listen(proxy);
  vi.stubEnv(name, value);
  for (const one of ['HTTPS_PROXY', 'https_proxy']) vi.stubEnv(one, `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
  for (const one of ['NO_PROXY', 'no_proxy']) vi.stubEnv(one, '');
  const fetchByProxy = createFetchJson({ usesProxy: usesProxyOfNode() });
  const fetched = await fetchByProxy({ url: `${url}/jwks`, deadlineMs: 5000, maxBytes: 1024 });
  expect(fetched).toMatchObject({ kind: 'transport' });
  expect([targets, requests]).toEqual([[new URL(url).host], 0]);
  proxy.close();
});
