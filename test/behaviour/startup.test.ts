// The start of the process, and its messages where it fails: configuration, ports, and an identity
// provider that is down.
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Idp } from '../../src/commands/demo/idp.js';
import { spawnNode } from '../fixtures/child.js';
import { startIdp } from '../fixtures/idp.js';
import { modern } from '../fixtures/messages.js';
import { listen } from '../fixtures/ports.js';
import { type GatewayOptions, startProcess } from '../fixtures/process.js';
import { rawRequest } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { configText, startConfigured } from '../fixtures/scene.js';
import { until, withDeadline } from '../fixtures/wait.js';

const GOOD = {
  publicUrl: 'https://mcp.example.com',
  listen: { host: '127.0.0.1', port: '{{port}}' },
  admin: { host: '127.0.0.1', port: '{{adminPort}}' },
  issuers: { acme: { issuer: 'http://127.0.0.1:9' } },
  endpoints: [{ path: '/files/mcp', issuers: ['acme'], upstream: 'http://127.0.0.1:9/mcp' }] as unknown[],
};

/** Runs until the process ends by itself. Resolves to its exit code and its output. */
async function fails(options: GatewayOptions): Promise<{ code: number | null; lines: string[] }> {
  const gateway = await startProcess({ ...options, ready: false });
  const { code } = await withDeadline('the process ends by itself', gateway.exited, 10_000);
  return { code, lines: gateway.output().split('\n') };
}

describe('A-07, A-64, F-01, F-05: a bad configuration ends with 1 and names every problem and its fix', () => {
  test('a file', async () => {
    const good = await startProcess({ config: configText(GOOD) });
    expect((await rawRequest(good.port, modern('tools/list', { path: '/files/mcp' }))).status).toBe(401);
    expect(await good.stop()).toBe(0);

    const bad = {
      ...GOOD,
      publicUrl: 'http://mcp.example.com/path',
      issuers: {
        acme: { issuer: 'http://auth.example.com', algorithms: ['HS256'], clockToleranceSeconds: 9000 },
        none: { issuer: 'https://b.example.com', algorithms: [], audiance: ['x'] },
        secret: { issuer: 'https://c.example.com', introspection: { clientId: 'c', clientSecret: 'plain-in-the-file' } },
      },
      endpoints: [
        { path: '/.well-known/x', issuers: ['acme'], upstream: 'ftp://x' },
        { path: '/a/mcp', issuers: ['nobody'], audience: [], upstream: 'http://127.0.0.1:9/mcp' },
        { path: '/a/mcp', issuers: ['acme'], scopes: ['a b'], upstream: 'http://127.0.0.1:9/mcp' },
        {
          path: '/b/mcp',
          issuers: ['acme'],
          upstream: 'http://127.0.0.1:9/mcp',
          passThrough: [{ scheme: 'Token' }],
        },
      ],
      extra: true,
    };
    const { code, lines } = await fails({ config: configText(bad) });
    expect(code).toBe(1);
    expect(lines[0]).toMatch(/^\d+ problems in the configuration$/);
    const text = lines.join('\n');
    for (const place of [
      'publicUrl',
      'extra',
      'issuers.acme.issuer',
      'issuers.acme.algorithms',
      'issuers.acme.clockToleranceSeconds',
      'issuers.none.algorithms',
      'issuers.none.audiance',
      'issuers.secret.introspection.clientSecret',
      'endpoints[0].path',
      'endpoints[0].upstream',
      'endpoints[1].audience',
      'endpoints[2].scopes',
      'endpoints[3].passThrough[0].upstreamVerifies',
    ]) {
      expect(text).toContain(`  line 1: ${place}`);
    }
    expect(Number.parseInt(lines[0] ?? '', 10)).toBe(lines.length - 1);
    expect(text).not.toContain('plain-in-the-file');
    expect(text).not.toMatch(/\n {4}at /);
  });

  test('the environment, by the names of its variables', async () => {
    const { code, lines } = await fails({
      env: {
        PORTCULLIS_UPSTREAM: 'nowhere',
        PORTCULLIS_PUBLIC_URL: 'http://mcp.example.com',
        PORTCULLIS_ISSUER: 'x',
        PORTCULLIS_SCOPES: 'a"b',
      },
    });
    expect(code).toBe(1);
    for (const name of ['UPSTREAM', 'PUBLIC_URL', 'ISSUER', 'SCOPES']) expect(lines.join('\n')).toContain(`  PORTCULLIS_${name}`);
    const missing = await fails({ env: { PORTCULLIS_UPSTREAM: 'http://127.0.0.1:9/mcp', PORTCULLIS_UPSTREAN: 'x' } });
    expect(missing.code).toBe(1);
    for (const name of ['PUBLIC_URL', 'ISSUER', 'UPSTREAN']) expect(missing.lines.join('\n')).toContain(`  PORTCULLIS_${name}: `);
  });

  test('unchecked certificates (T31)', async () => {
    const env = { PORTCULLIS_UPSTREAM: 'http://127.0.0.1:9/mcp', PORTCULLIS_PUBLIC_URL: 'https://mcp.example.com' };
    const good = { ...env, PORTCULLIS_ISSUER: 'http://127.0.0.1:9' };
    for (const value of ['1', '0']) {
      const listen = { PORTCULLIS_LISTEN: '127.0.0.1:0', PORTCULLIS_ADMIN: '127.0.0.1:0' };
      const child = spawnNode(['dist/main.js', 'serve'], { ...good, ...listen, NODE_TLS_REJECT_UNAUTHORIZED: value });
      if (value === '1') await until('the gateway listens', () => child.lines.some((line) => line.includes('gateway.listening')));
      else expect(await withDeadline('the process ends', child.exited, 10_000)).toEqual({ code: 1, signal: null });
      if (value === '0') expect(child.lines.join('\n')).toMatch(/^NODE_TLS_REJECT_UNAUTHORIZED=0 .* NODE_EXTRA_CA_CERTS/m);
      await child.stop();
    }
  });

  test.each<[string, string[], number, RegExp]>([
    ['no configuration', ['serve'], 1, /PORTCULLIS_UPSTREAM/],
    ['a missing file', ['serve', '--config', 'no-such-file.yaml'], 1, /no-such-file\.yaml does not exist/],
    // The text has the actual deadline of the drain.
    ['a request for help', ['serve', '--help'], 0, /SIGTERM, SIGINT or SIGQUIT drains for up to 25 s/],
    ['an unknown flag', ['serve', '--port', '1'], 2, /--port/],
    ['an unknown command', ['guard'], 2, /no command guard/],
  ])('%s', async (_name, args, code, text) => {
    const child = spawnNode(['dist/main.js', ...args]);
    expect(await withDeadline('the process ends by itself', child.exited, 10_000)).toEqual({ code, signal: null });
    expect(child.lines.join('\n')).toMatch(text);
    expect(child.lines.join('\n')).not.toMatch(/\n {4}at /);
  });

  test('text that is not YAML', async () => {
    const { code, lines } = await fails({ config: 'publicUrl: [\n' });
    expect([code, lines[0]]).toEqual([1, expect.stringMatching(/problems? in the configuration$/)]);
    const twice = 'issuers:\n  a:\n    clientSecret: s3cret-one\n    clientSecret: s3cret-two\n';
    const told =
      '1 problem in the configuration\n  (file): not valid YAML: line 4, column 5: clientSecret occurs twice in its map; keep one';
    expect((await fails({ config: twice })).lines.join('\n')).toBe(told);
  });
});

test.each(['listen', 'admin'] as const)('F-01: %s port in use: exit code 1 and one clear line', async (which) => {
  const holder = createServer();
  await listen(holder);
  const { port } = holder.address() as { port: number };
  // The other listener gets a free port from the system: only this port is in use.
  const other = which === 'listen' ? 'admin' : 'listen';
  const ports = { [which]: { host: '127.0.0.1', port }, [other]: { host: '127.0.0.1', port: 0 } };
  const { code, lines } = await fails({ config: configText({ ...GOOD, ...ports }) });
  await new Promise((resolve) => holder.close(resolve));
  expect([code, lines]).toEqual([1, [`127.0.0.1:${port} is in use by another process; choose another listen or admin port`]]);
});

describe('F-04, C-66: the identity provider is down when the gateway starts', () => {
  let idp: Idp;
  let upstream: RawUpstream;
  beforeAll(async () => {
    [idp, upstream] = await Promise.all([startIdp({ scopes: ['files:read'] }), startRawUpstream(answers.rpc())]);
  });
  afterAll(() => Promise.all([idp.stop(), upstream.stop()]));

  test('the process is up, answers 503, and recovers by itself', async () => {
    const resource = 'https://mcp.example.com/files/mcp';
    idp.addResource(resource, 'jwt');
    const token = await idp.token({ resource, scope: 'files:read' });
    await idp.stop();
    const endpoint = { path: '/files/mcp', issuers: ['idp'], scopes: ['files:read'], upstream: upstream.url };
    const gateway = await startConfigured({
      publicUrl: 'https://mcp.example.com',
      issuers: { idp: { issuer: idp.issuer } },
      endpoints: [endpoint],
    });
    try {
      const call = () => rawRequest(gateway.port, modern('tools/list', { path: '/files/mcp', token }));
      const page = async (path: string): Promise<number> => (await rawRequest(gateway.port, { path })).status;
      expect(await page('/healthz')).toBe(200);
      // Ready once the issuer was tried, even without success. Otherwise an outage would take every
      // replica out at once.
      await until('the gateway is ready', async () => (await page('/readyz')) === 200);
      const response = await call();
      expect([response.status, response.headers('www-authenticate'), upstream.hits]).toEqual([503, [], 0]);
      expect(response.header('retry-after')).toMatch(/^([1-9]|[12]\d|30)$/);
      expect((await rawRequest(gateway.port, modern('tools/list', { path: '/files/mcp' }))).status).toBe(401);
      expect(await page('/.well-known/oauth-protected-resource/files/mcp')).toBe(200);
      await idp.start();
      await until('the token passes', async () => (await call()).status === 200, 10_000);
      const events = ['keys.load_failed', 'keys.loaded', 'keys.recovered'];
      await until('the log has it', () => events.every((name) => gateway.logs().some(({ event }) => event === name)));
    } finally {
      expect(await gateway.stop()).toBe(0);
    }
  });
});
