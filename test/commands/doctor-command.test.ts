// The doctor as its users run it: on the real gateway, on what is no server, with its exit codes, and never with the token in its output.
import { createServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Idp, startIdp } from '../../src/commands/demo/idp.js';
import { listenLoopback } from '../../src/commands/demo/loopback.js';
import { certificate } from '../fixtures/certificate.js';
import { spawnNode } from '../fixtures/child.js';
import type { Gateway } from '../fixtures/gateway.js';
import { ownPort } from '../fixtures/ports.js';
import { startConfigured } from '../fixtures/scene.js';
import { startV1Upstream, type V1Upstream } from '../fixtures/upstream-v1.js';
import { startV2Upstream, type V2Upstream } from '../fixtures/upstream-v2.js';
import { withDeadline } from '../fixtures/wait.js';
import { type Strange, startStrange } from './strange-server.js';

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname;

type Told = { ok: boolean; url: string; checks: { name: string; verdict: string; saw: string; mend?: string }[] };

async function doctor(args: string[], env: Record<string, string> = {}): Promise<{ code: number | null; output: string }> {
  const child = spawnNode([MAIN, 'doctor', ...args], env);
  const { code } = await withDeadline('the doctor ends', child.exited, 30_000);
  return { code, output: child.lines.join('\n') };
}

async function asJson(args: string[], env: Record<string, string> = {}): Promise<{ code: number | null; told: Told }> {
  const { code, output } = await doctor([...args, '--json'], env);
  // Node itself may have warned before.
  return { code, told: JSON.parse(output.slice(output.search(/^\{/m))) as Told };
}

const named = ({ checks }: Told, ...verdicts: string[]): string[] =>
  checks.filter(({ verdict }) => verdicts.includes(verdict)).map(({ name, saw }) => `${name}: ${saw}`);

describe('the gateway', () => {
  let idp: Idp;
  let v1: V1Upstream;
  let v2: V2Upstream;
  let gateway: Gateway;
  beforeAll(async () => {
    [idp, v1, v2] = await Promise.all([startIdp({ scopes: ['files:read'] }), startV1Upstream(), startV2Upstream()]);
    const common = { issuers: ['idp'], scopes: ['files:read'] };
    gateway = await startConfigured({
      issuers: { idp: { issuer: idp.issuer } },
      endpoints: [
        { path: '/v1/mcp', ...common, upstream: v1.url },
        { path: '/v2/mcp', ...common, upstream: v2.url },
      ],
    });
    for (const path of ['/v1/mcp', '/v2/mcp']) idp.addResource(gateway.url + path, 'jwt');
  });
  afterAll(async () => {
    await gateway.stop();
    await Promise.all([idp.stop(), v1.stop(), v2.stop()]);
  });

  test('before a server of both eras: nothing fails, in JSON and as text', async () => {
    const url = `${gateway.url}/v2/mcp`;
    const token = await idp.token({ resource: url, scope: 'files:read' });
    const { code, told } = await asJson([url, '--tool', 'era'], { PORTCULLIS_TOKEN: token });
    expect([code, named(told, 'fail')]).toEqual([0, []]);
    expect(named(told, 'ok')).toEqual(
      expect.arrayContaining([
        'call of a tool, modern: era',
        'call of a tool, legacy: era',
        expect.stringMatching(/^event at once: /),
      ]),
    );
    const { code: again, output } = await doctor([url, '--token', token]);
    expect(again).toBe(0);
    expect(output.split('\n').at(-1)).toMatch(/^\d+ ok, \d+ warnings, 0 failed, \d+ skipped$/);
    for (const part of [token, ...token.split('.')]) expect(output).not.toContain(part);
  });

  test('before a server of the legacy era with sessions: nothing fails, and the session is closed', async () => {
    const url = `${gateway.url}/v1/mcp`;
    const token = await idp.token({ resource: url, scope: 'files:read' });
    const { code, told } = await asJson([url], { PORTCULLIS_TOKEN: token });
    expect([code, named(told, 'fail')]).toEqual([0, []]);
    expect(named(told, 'ok')).toEqual(
      expect.arrayContaining(['first word, legacy: 2025-11-25 and before', 'GET stream: its head came at once']),
    );
    expect(v1.seen.some(({ headers }) => headers['mcp-session-id'] !== undefined)).toBe(true);
    expect(v1.sessions()).toEqual([]);
  });

  test('without a token: what needs one is skipped; with one for another server it is refused, and why is told', async () => {
    const url = `${gateway.url}/v2/mcp`;
    const bare = await asJson([url]);
    expect([bare.code, named(bare.told, 'fail')]).toEqual([0, []]);
    expect(named(bare.told, 'skipped')).toContain('token taken: no token to send');
    const token = await idp.token({ resource: `${gateway.url}/v1/mcp`, scope: 'files:read' });
    const { code, told } = await asJson([url], { PORTCULLIS_TOKEN: token });
    expect([code, named(told, 'fail')]).toEqual([1, [expect.stringMatching(/^token taken: 401: Bearer error="invalid_token"/)]]);
    expect(named(told, 'warn')).toContain(`audience of the token: aud "${gateway.url}/v1/mcp", resource ${url}`);
  });
});

describe('what is no MCP server', () => {
  test('nobody listens', async () => {
    const port = await ownPort();
    const { code, told } = await asJson([`http://127.0.0.1:${port}/mcp`]);
    expect([code, named(told, 'fail')]).toEqual([1, [expect.stringContaining('reachable: ECONNREFUSED')]]);
    expect(named(told, 'skipped')).toContain('resource: the server was not reached');
    const { output } = await doctor([`http://127.0.0.1:${port}/mcp`]);
    const skipped = output.split('\n').filter((line) => line.startsWith('skipped'));
    expect(skipped).toEqual([`skipped  ${told.checks.length - 1} more checks: the server was not reached`]);
    expect(output.split('\n').at(-1)).toBe(`0 ok, 0 warnings, 1 failed, ${told.checks.length - 1} skipped`);
  });

  test('a certificate that nobody vouches for, also where the environment would take any', async () => {
    const own = certificate({ name: 'nobody', hosts: ['127.0.0.1'] });
    const server = createServer({ cert: own.cert, key: own.key }, (_req, res) => res.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
    for (const env of [{}, { NODE_TLS_REJECT_UNAUTHORIZED: '0' }]) {
      const { code, told } = await asJson([url], env);
      expect([code, named(told, 'fail')]).toEqual([1, [expect.stringMatching(/reachable: .*SELF_SIGNED/)]]);
      expect(told.checks.find(({ verdict }) => verdict === 'fail')?.mend).toContain('mend the certificate');
    }
    server.close();
  });

  test('a web page for every path', async () => {
    const page = await listenLoopback((_req, res) => res.writeHead(200, { 'content-type': 'text/html' }).end('<p>hello'));
    const { code, told } = await asJson([`${page.url}/mcp`]);
    const { output } = await doctor([`${page.url}/mcp`]);
    await page.close();
    expect(code).toBe(1);
    expect(named(told, 'fail')).toEqual(['an MCP server: 200 HTML, and no resource metadata: this is no MCP server']);
    expect(output).toMatch(/^skipped {2}\d+ more checks: no MCP server was found$/m);
  });

  test('while it waits it says so, beside the report', async () => {
    const slow = await listenLoopback((req, res) => {
      setTimeout(() => res.writeHead(404).end(), req.method === 'POST' ? 5_500 : 0);
    });
    const { output } = await doctor([`${slow.url}/mcp`]);
    await slow.close();
    const lines = output.split('\n');
    expect(lines).toContain('...      reachable: 5 s');
    expect(lines.filter((line) => line.startsWith('FAIL'))).toHaveLength(1);
  });

  test('a name that DNS does not know', async () => {
    const { code, told } = await asJson(['http://nobody.invalid/mcp']);
    expect([code, named(told, 'fail')]).toEqual([1, [expect.stringMatching(/^reachable: (ENOTFOUND|EAI_AGAIN)/)]]);
    expect(told.checks[0]?.mend).toMatch(/^look at the name in the URL/);
  });

  test('an endless answer, and bytes that are no HTTP, cost a bounded time', async () => {
    const endless = await listenLoopback((_req, res) => {
      res.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => res.write('x'.repeat(1 << 16)), 1);
      res.on('close', () => clearInterval(timer));
    });
    const { code, told } = await asJson([`${endless.url}/mcp`]);
    await endless.close();
    expect([code, named(told, 'fail')]).toEqual([1, expect.arrayContaining(['login asked for: 200 application/json'])]);
    const noise = createTcpServer((socket) => socket.on('error', () => {}).end('220 mail.example.com ESMTP\r\n'));
    await new Promise<void>((resolve) => noise.listen(0, '127.0.0.1', resolve));
    const other = await asJson([`http://127.0.0.1:${(noise.address() as AddressInfo).port}/mcp`]);
    noise.close();
    expect([other.code, named(other.told, 'fail')]).toEqual([1, [expect.stringMatching(/^reachable: HPE_/)]]);
  });
});

describe('the output', () => {
  let strange: Strange;
  beforeAll(async () => {
    strange = await startStrange({
      challenge: ({ req }) => [`Bearer resource_metadata="/x\u009b2J", scope="${String(req.headers.authorization ?? 'none')}"`],
    });
  });
  afterAll(() => strange.stop());

  test('has what is wanted and what to mend, and neither the token nor control characters that a server sends', async () => {
    const { code, output } = await doctor([strange.url], { PORTCULLIS_TOKEN: `Bearer ${strange.token}` });
    expect(code).toBe(1);
    expect(output).toContain('FAIL     resource_metadata: not absolute: /x\\u009b2J\n           wanted: ');
    expect(output).toContain('           mend:   write the whole URL from a configured public address');
    expect(output).not.toContain(strange.token.split('.')[1]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(output).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });

  test.each([
    ['no URL', [], 'One URL, please'],
    ['two URLs', ['http://127.0.0.1:9/', 'http://127.0.0.1:9/'], 'One URL, please'],
    ['another scheme', ['ftp://x/'], 'ftp://x/ is no http or https URL; write it whole'],
    ['half a URL', ['mcp.example.com/mcp'], 'write it whole'],
    ['a fragment', ['https://mcp.example.com/mcp#x'], 'no fragment'],
    ['a password', ['https://a:b@mcp.example.com/mcp'], 'Leave user and password out'],
    ['another credential', ['https://mcp.example.com/mcp', '--token', 'Token abc'], 'This is no bearer token'],
    ['an unknown flag', ['--fast', 'https://mcp.example.com/mcp'], "Unknown option '--fast'"],
  ])('%s: exit code 2', async (_what, args, says) => {
    expect(await doctor(args)).toEqual({ code: 2, output: expect.stringContaining(says) });
  });

  test('the list of commands says that a tool can be named', async () => {
    const child = spawnNode([MAIN, '--help']);
    const { code } = await withDeadline('the help ends', child.exited, 30_000);
    expect([code, child.lines.filter((line) => line.includes('--tool NAME')).length]).toEqual([0, 2]);
  });

  test('--help says where a token is seen', async () => {
    expect(await doctor(['--help'])).toEqual({ code: 0, output: expect.stringContaining('PORTCULLIS_TOKEN') });
  });
});
