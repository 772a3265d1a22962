// `explain` of cross-app access: both requests, and which of the two servers rejects the gateway.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AuthorizationServer } from '../fixtures/grant-server.js';
import { FILES_CLIENT, IDP_CLIENT, type Idp, startFilesServer, startIdJagIdp } from '../fixtures/id-jag-servers.js';
import { run } from './in-process.js';

const PUBLIC_URL = 'https://mcp.example.com';
const RESOURCE = 'https://files.example.com/mcp';

let folder: string;
let idp: Idp;
let files: AuthorizationServer;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-id-jag-'));
  files = await startFilesServer(() => idp.issuer);
  idp = await startIdJagIdp({ [files.issuer]: FILES_CLIENT.id });
  const credential = {
    kind: 'exchange',
    resource: RESOURCE,
    scopes: ['files:read'],
    clientId: IDP_CLIENT.id,
    clientSecret: '$' + '{env:IDP_SECRET}',
    idJag: { issuer: files.issuer, clientId: FILES_CLIENT.id, clientSecret: '$' + '{env:FILES_SECRET}' },
  };
  const endpoint = { path: '/mcp', issuers: ['work'], upstream: { url: 'http://127.0.0.1:9/mcp', credential } };
  const config = { publicUrl: PUBLIC_URL, issuers: { work: { issuer: idp.issuer } }, endpoints: [endpoint] };
  writeFileSync(join(folder, 'gateway.yaml'), JSON.stringify(config));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await Promise.all([idp.stop(), files.stop()]);
});

async function explain(user: string, secrets = { IDP_SECRET: IDP_CLIENT.secret, FILES_SECRET: FILES_CLIENT.secret }) {
  const token = await idp.token(user, `${PUBLIC_URL}/mcp`);
  const args = ['explain', '--config', join(folder, 'gateway.yaml')];
  const env = { ...secrets, PORTCULLIS_TOKEN: token };
  const { output: text } = await run(args, { env });
  const { output, errors } = await run([...args, '--json'], { env });
  expect(errors).toBe('');
  for (const one of [text, output]) {
    for (const secret of [...Object.values(secrets), ...token.split('.')]) expect(one).not.toContain(secret);
    // Neither the ID-JAG nor the token of the other server.
    expect(one).not.toMatch(/eyJ/);
  }
  const { reason, steps, fix } = JSON.parse(output);
  return { reason, fix, step: steps.at(-1) };
}

test('both requests, with the life and the audience of each token', async () => {
  const { reason, step } = await explain('alice');
  expect([reason, step.state]).toEqual(['ok', 'pass']);
  expect(step.observed.requests).toEqual([
    { url: `${idp.issuer}/token`, status: 200, lifeSeconds: expect.any(Number), aud: files.issuer },
    { url: `${files.issuer}/token`, status: 200, lifeSeconds: expect.any(Number), aud: RESOURCE },
  ]);
  expect(step.expected).toMatchObject({ credential: 'exchange', resource: [RESOURCE], 'idJag issuer': files.issuer });
});

test('a wrong secret at the server of the upstream: that server, its client and its field', async () => {
  const { reason, step, fix } = await explain('bob', { IDP_SECRET: IDP_CLIENT.secret, FILES_SECRET: 'not-the-secret-of-it' });
  expect([reason, step.observed.requests.at(-1)]).toEqual([
    'exchange.gateway_rejected',
    { url: `${files.issuer}/token`, status: 401 },
  ]);
  expect(fix.words).toContain(`the client ${FILES_CLIENT.id} for every caller: compare clientId and clientSecret of`);
  expect(fix.words).toContain('upstream.credential.idJag');
});

test('a user whom the policy of the issuer forbids it: the issuer and its client', async () => {
  idp.blocked.add('mallory');
  const { reason, step, fix } = await explain('mallory');
  expect([reason, step.observed.requests.length]).toEqual(['exchange.refused', 1]);
  expect(fix.words).toContain(`does not let ${IDP_CLIENT.id} exchange this token: its policy may forbid it for this user`);
});
