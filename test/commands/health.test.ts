// `portcullis health`: its answer for a real gateway, and for everything else that can be there.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listening } from '../../src/commands/demo/loopback.js';
import { cleanEnvironment, gatewayMain } from '../fixtures/launch.js';
import { ownPorts } from '../fixtures/ports.js';
import { type GatewayProcess, startProcess } from '../fixtures/process.js';
import { run } from './in-process.js';

const folder = mkdtempSync(join(tmpdir(), 'portcullis-health-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(text: string): string {
  const file = join(folder, `${Math.random()}.yaml`);
  writeFileSync(file, text);
  return file;
}

const at = (port: number, args: string[] = []) => run(['health', ...args], { env: { PORTCULLIS_ADMIN: `127.0.0.1:${port}` } });

describe('of a running gateway', () => {
  let gateway: GatewayProcess;
  let file: string;
  beforeAll(async () => {
    const config = (unready: string) => `
publicUrl: http://127.0.0.1:{{port}}
listen: { port: {{port}} }
admin: { port: {{adminPort}} }
issuers: { main: { issuer: ${unready}, allowInsecureHttp: true } }
endpoints: [{ path: /mcp, issuers: [main], upstream: http://127.0.0.1:9/mcp }]`;
    const [silent = 0] = await ownPorts(1);
    gateway = await startProcess({ config: config(`http://127.0.0.1:${silent}`) });
    file = fileWith(`admin: { port: ${gateway.adminPort} }\n`);
  });
  afterAll(() => gateway.stop());

  test.each([[[]], [['--ready']]])('0, from a file that has nothing else: %j', async (more) => {
    const where = `127.0.0.1:${gateway.adminPort}`;
    const state = more.length === 0 ? 'healthy' : 'ready';
    const said = { code: 0, output: `${where} is ${state}`, errors: '' };
    expect(await run(['health', '--config', file, ...more])).toEqual(said);
    expect(await run(['health', ...more], { env: { PORTCULLIS_CONFIG: file } })).toEqual(said);
    expect(await at(gateway.adminPort, more)).toEqual(said);
  });

  test('0, after an edit with a mistake', async () => {
    const broken = fileWith(`admin: { port: ${gateway.adminPort} }\npublicUrl: [\n`);
    expect((await run(['health', '--config', broken])).code).toBe(0);
  });

  test('0 as a process, which asks no proxy of the environment', () => {
    const proxy = 'http://127.0.0.1:1';
    const env = {
      ...cleanEnvironment(),
      ...{ HTTP_PROXY: proxy, http_proxy: proxy, HTTPS_PROXY: proxy, ALL_PROXY: proxy, NODE_USE_ENV_PROXY: '1' },
      PORTCULLIS_CONFIG: file,
    };
    const { status, stderr } = spawnSync(process.execPath, [gatewayMain, 'health'], { env, timeout: 10_000, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });
});

/** Serves like the admin listener of a gateway, or unlike it. */
async function withServer(handler: RequestListener, check: (port: number) => Promise<void>): Promise<void> {
  const server = createServer(handler);
  const port = await listening(server, 0);
  try {
    await check(port);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

test('1 while the gateway is not ready, but 0 without --ready', async () => {
  const seen: unknown[] = [];
  const handler: RequestListener = (req, res) => {
    seen.push([req.url, req.headers.host]);
    const ok = req.url === '/healthz';
    res.writeHead(ok ? 200 : 503).end(ok ? '{"status":"ok"}' : '{"status":"unavailable"}');
  };
  await withServer(handler, async (port) => {
    expect((await at(port)).code).toBe(0);
    const { code, errors } = await at(port, ['--ready']);
    expect([code, errors]).toEqual([1, expect.stringContaining(`the gateway at 127.0.0.1:${port} is not ready`)]);
  });
  // The admin listener answers to this name, whatever its address is.
  expect(seen).toEqual([
    ['/healthz', 'localhost'],
    ['/readyz', 'localhost'],
  ]);
});

test.each<[string, RequestListener, string]>([
  ['a web page', (_req, res) => void res.end('<html>'), 'answers with status 200, but not as the gateway does'],
  ['another server', (_req, res) => void res.writeHead(404).end(), 'answers with status 404, but not as the gateway does'],
  ['a contradiction', (_req, res) => void res.end('{"status":"unavailable"}'), 'is not ready'],
  ['an endless body', (_req, res) => void res.end('x'.repeat(100_000)), 'but not as the gateway does'],
  ['a cut connection', (req) => void req.socket.destroy(), 'no answer from'],
])('1 for %s', async (_what, handler, words) => {
  await withServer(handler, async (port) => {
    const { code, output, errors } = await at(port);
    expect([code, output, errors]).toEqual([1, '', expect.stringContaining(words)]);
  });
});

test('1 where nothing listens, with what to check', async () => {
  const [port = 0] = await ownPorts(1);
  const { code, errors } = await at(port);
  const question = 'is the gateway running, and with this configuration?';
  expect([code, errors]).toEqual([1, `nothing listens on 127.0.0.1:${port}; ${question}`]);
});

test('1 after 3 s for a listener that never answers', async () => {
  const server = createTcpServer(() => {});
  const port = await listening(server as never, 0);
  const start = performance.now();
  const { code, errors } = await at(port);
  server.close();
  expect([code, errors]).toEqual([1, expect.stringContaining('within 3 s')]);
  expect(performance.now() - start).toBeGreaterThan(2_900);
});

test('1 for admin.port 0, which the command cannot know', async () => {
  expect(await run(['health', '--config', fileWith('admin: { port: 0 }')])).toEqual({
    code: 1,
    output: '',
    errors: expect.stringContaining('admin.port is 0, so the gateway takes a free port at each start'),
  });
});

test('a file that cannot be read: the default address, and a line about it', async () => {
  const { errors } = await run(['health'], { env: { PORTCULLIS_CONFIG: '/no/such.yaml' } });
  expect(errors).toContain(
    '/no/such.yaml does not exist; correct the path in PORTCULLIS_CONFIG. Asking the default address 127.0.0.1:9090.',
  );
});

test('2 for an argument', async () => {
  expect((await run(['health', 'portcullis.yaml'])).code).toBe(2);
});
