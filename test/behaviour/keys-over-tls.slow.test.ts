// An issuer behind TLS: an untrusted certificate is an outage, and its owner gets no byte of the
// gateway.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Certificate, certificate } from '../fixtures/certificate.js';
import type { Gateway } from '../fixtures/gateway.js';
import { modern } from '../fixtures/messages.js';
import { mintToken, rsaKey } from '../fixtures/mint.js';
import { listen } from '../fixtures/ports.js';
import { type RawResponse, rawRequest } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { startConfigured } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';

const key = rsaKey();
const DAY_MS = 86_400_000;
const authority = certificate({ name: 'the authority of this test', authority: true });
const hosts = ['127.0.0.1'];
const good = certificate({ name: 'good', hosts, by: authority });
const stranger = certificate({ name: 'the authority of this test', authority: true });

const BAD: [string, Certificate][] = [
  ['signed by itself', certificate({ name: 'self', hosts })],
  [
    'expired',
    certificate({ name: 'expired', hosts, by: authority, notBefore: new Date(0), notAfter: new Date(Date.now() - DAY_MS) }),
  ],
  ['not valid yet', certificate({ name: 'early', hosts, by: authority, notBefore: new Date(Date.now() + DAY_MS / 2) })],
  ['of another host', certificate({ name: 'other', hosts: ['keys.example'], by: authority })],
  ['of another address', certificate({ name: 'other', hosts: ['127.0.0.2'], by: authority })],
  ['of no host at all', certificate({ name: '127.0.0.1', by: authority })],
  ['of an authority of the same name', certificate({ name: 'good', hosts, by: stranger })],
  ['of a leaf that signs', certificate({ name: 'leaf', hosts, by: good })],
];

type TlsIssuer = { issuer: string; requests: number; present(certificate: Certificate): void; stop(): Promise<void> };

async function startTlsIssuer(first: Certificate): Promise<TlsIssuer> {
  const server = createServer({ cert: first.cert, key: first.key }, (req, res) => {
    if (req.url === '/jwks') self.requests += 1;
    res.writeHead(200, { connection: 'close' }).end(JSON.stringify({ keys: [key.jwk] }));
  });
  server.on('tlsClientError', () => {});
  await listen(server);
  const self: TlsIssuer = {
    issuer: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: 0,
    present: ({ cert, key: secret }) => server.setSecureContext({ cert, key: secret }),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return self;
}

let issuers: TlsIssuer[];
let sound: TlsIssuer;
let upstream: RawUpstream;
let gateway: Gateway;
let directory: string;
let cold: RawResponse[];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'portcullis-test-'));
  const file = join(directory, 'authority.pem');
  await writeFile(file, authority.cert);
  [upstream, sound, ...issuers] = await Promise.all([
    startRawUpstream(answers.rpc()),
    startTlsIssuer(good),
    ...BAD.map(([, bad]) => startTlsIssuer(bad)),
  ]);
  const config = Object.fromEntries(
    [sound, ...issuers].map(({ issuer }, at) => [`i${at}`, { issuer, jwksUri: `${issuer}/jwks` }]),
  );
  const endpoint = { path: '/mcp', issuers: Object.keys(config), scopes: ['files:read'], upstream: upstream.url };
  gateway = await startConfigured(
    { issuers: config, endpoints: [endpoint] },
    { process: true, env: { NODE_EXTRA_CA_CERTS: file } },
  );
  cold = await Promise.all(issuers.map(call));
  expect(upstream.hits).toBe(0);
});
afterAll(async () => {
  await gateway.stop();
  await Promise.all([
    upstream.stop(),
    sound.stop(),
    ...issuers.map((issuer) => issuer.stop()),
    rm(directory, { recursive: true }),
  ]);
});

const call = ({ issuer }: TlsIssuer): Promise<RawResponse> => {
  const token = mintToken({ issuer, audience: `${gateway.url}/mcp`, key });
  return rawRequest(gateway.port, modern('tools/list', { token }));
};

test('C-70: a certificate of the authority, for this address, within its time, is valid', async () => {
  expect([(await call(sound)).status, sound.requests]).toEqual([200, 1]);
});

describe.concurrent('C-66, C-70: an untrusted certificate gives 503, and 200 after it is replaced', () => {
  test.each(BAD.map(([name], at) => ({ name, at })))('$name', async ({ at }) => {
    const issuer = issuers[at] as TlsIssuer;
    const response = cold[at] as RawResponse;
    expect([response.status, response.headers('www-authenticate')]).toEqual([503, []]);
    expect(response.header('retry-after')).toMatch(/^([1-9]|[12]\d|30)$/);
    expect(issuer.requests).toBe(0);
    issuer.present(good);
    await until('the valid token passes', async () => (await call(issuer)).status === 200, 10_000);
  });
});
