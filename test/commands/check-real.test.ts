// `portcullis check` with real servers: identity providers on oidc-provider, and MCP servers on
// both lines of the SDK. Each grant that it sends is one that such a server rejects.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { Idp } from '../../src/commands/demo/idp.js';
import { FILES_CLIENT, IDP_CLIENT, startFilesServer, startIdJagIdp } from '../fixtures/id-jag-servers.js';
import { startIdp } from '../fixtures/idp.js';
import { ownPorts } from '../fixtures/ports.js';
import { startV1Upstream, type V1Upstream } from '../fixtures/upstream-v1.js';
import { startV2Upstream, type V2Upstream } from '../fixtures/upstream-v2.js';
import { type CheckScene, findingOf, type Raw, startCheckScene } from './check-scene.js';
import { type Run, run } from './in-process.js';

let scene: CheckScene;
let idp: Idp;
let v1: V1Upstream;
let v2: V2Upstream;
let env: Record<string, string>;

beforeAll(async () => {
  [scene, idp, v1, v2] = await Promise.all([
    startCheckScene(),
    startIdp({ scopes: ['files:read'] }),
    startV1Upstream(),
    startV2Upstream(),
  ]);
  const { machine, introspection } = idp.clients;
  env = { MACHINE: machine.secret, INTROSPECTION: introspection.secret, WRONG: 'another-secret-of-a-client' };
});
afterAll(() => Promise.all([scene.stop(), idp.stop(), v1.stop(), v2.stop()]));

async function check(issuer: Raw, upstreams: (string | Raw)[], more: Record<string, string> = {}): Promise<Run> {
  const [listen, admin] = await ownPorts(2);
  const config = {
    publicUrl: 'https://mcp.example.com',
    listen: { port: listen },
    admin: { port: admin },
    issuers: { main: issuer },
    endpoints: upstreams.map((upstream, at) => ({ path: `/t${at}`, issuers: ['main'], upstream })),
  };
  return run(['check', scene.file('real.yaml', stringify(config))], { env: { ...env, ...more } });
}

const introspecting = (secret: string): Raw => ({
  issuer: idp.issuer,
  // A provider that has just started on a busy machine may need longer than the default.
  jwks: { timeoutMs: 20_000 },
  introspection: { timeoutMs: 20_000, clientId: idp.clients.introspection.id, clientSecret: `\${env:${secret}}` },
});
const ofGateway = (secret: string): Raw => ({
  url: v2.url,
  credential: {
    kind: 'client-credentials',
    timeoutMs: 20_000,
    tokenUrl: idp.url('/token'),
    clientId: idp.clients.machine.id,
    clientSecret: `\${env:${secret}}`,
  },
});

describe('an identity provider, and MCP servers of SDK 1 and SDK 2', () => {
  test('have no problem', async () => {
    const { code, output } = await check(introspecting('INTROSPECTION'), [v1.url, v2.url, ofGateway('MACHINE')]);
    expect(code).toBe(0);
    expect(output).toContain('introspection: accepts the gateway, and calls a made-up token inactive');
    expect(output).toContain('endpoint /t0: upstream: answers without a credential');
    expect(output).toContain('endpoint /t1: upstream: answers without a credential');
    expect(output).toMatch(/ok {4}endpoint \/t2: token endpoint: does not reject the gateway, .* \(status 400 \w+\)/);
    expect(v1.sessions()).toEqual([]);
  });

  test('with wrong secrets', async () => {
    const run = await check(introspecting('WRONG'), [ofGateway('WRONG')]);
    expect(run.code).toBe(1);
    for (const name of ['introspection', 'token endpoint'])
      expect(findingOf(run, name)).toMatch(/FAIL .*rejects the (credentials of the gateway|client) \(status 401/);
  });
});

test('an exchange for an ID-JAG, at its identity provider and at the other server', async () => {
  const files: Record<string, string> = {};
  const jag = await startIdJagIdp(files);
  const server = await startFilesServer(() => jag.issuer);
  files[server.issuer] = FILES_CLIENT.id;
  const credential = (secret: string): Raw => ({
    url: v2.url,
    credential: {
      kind: 'exchange',
      timeoutMs: 20_000,
      resource: v2.url,
      clientId: IDP_CLIENT.id,
      clientSecret: `\${env:${secret}}`,
      idJag: { issuer: server.issuer, clientId: FILES_CLIENT.id, clientSecret: '${env:FILES}' },
    },
  });
  const secrets = { IDP: IDP_CLIENT.secret, FILES: FILES_CLIENT.secret };
  const good = await check({ issuer: jag.issuer, jwks: { timeoutMs: 20_000 } }, [credential('IDP')], secrets);
  expect(good.output).toMatch(/ok {4}endpoint \/t0: token endpoint: accepts the gateway, and rejects a made-up token/);
  expect(good.output).toMatch(
    /ok {4}endpoint \/t0: token endpoint of idJag: accepts the gateway, .* \(status 400 invalid_grant\)/,
  );
  const bad = await check({ issuer: jag.issuer, jwks: { timeoutMs: 20_000 } }, [credential('WRONG')], secrets);
  expect(findingOf(bad, 'token endpoint')).toMatch(/FAIL .*rejects the credentials of the gateway \(issuer http:\S+: status 401/);
  const other = await check({ issuer: jag.issuer, jwks: { timeoutMs: 20_000 } }, [credential('IDP')], {
    ...secrets,
    FILES: 'another-secret',
  });
  expect(findingOf(other, 'token endpoint of idJag')).toMatch(/FAIL .*rejects the credentials of the gateway \(status 401/);
  await Promise.all([jag.stop(), server.stop()]);
});
