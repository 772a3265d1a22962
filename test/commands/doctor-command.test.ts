// `portcullis doctor` on the real gateway and without a server; its options, its exit codes, and
// its output without the token.
import { createServer as createTlsServer, request } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Idp } from '../../src/commands/demo/idp.js';
import { allChecks } from '../../src/commands/doctor/run-checks.js';
import { DOCTOR_TIMES, doctor } from '../../src/commands/doctor.js';
import { certificate } from '../fixtures/certificate.js';
import { spawnNode } from '../fixtures/child.js';
import type { Gateway } from '../fixtures/gateway.js';
import { startIdp } from '../fixtures/idp.js';
import { listen, startServer } from '../fixtures/ports.js';
import { startConfigured } from '../fixtures/scene.js';
import { startV1Upstream, type V1Upstream } from '../fixtures/upstream-v1.js';
import { startV2Upstream, type V2Upstream } from '../fixtures/upstream-v2.js';
import { withDeadline } from '../fixtures/wait.js';
import { captureIo, type Run, run } from './in-process.js';
import { startThirdPartyServer, type ThirdPartyServer } from './third-party-server.js';

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname;
/** No test can take this port: it is below the ephemeral ports. No service uses it either. */
const CLOSED = 'http://127.0.0.1:9/mcp';

type Report = {
  ok: boolean;
  url: string;
  checks: { name: string; result: string; observed: string; expected: string; requirement: string; fix?: string }[];
};

const runDoctor = (args: string[], env: Record<string, string> = {}): Promise<Run> => run(['doctor', ...args], { env });

async function runAsJson(args: string[], env: Record<string, string> = {}): Promise<{ code: number; report: Report }> {
  const { code, output } = await runDoctor([...args, '--json'], env);
  return { code, report: JSON.parse(output) as Report };
}

const linesOf = ({ checks }: Report, ...results: string[]): string[] =>
  checks.filter(({ result }) => results.includes(result)).map(({ name, observed }) => `${name}: ${observed}`);

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

  test('in front of a server of both eras: no check fails, in JSON and as text', async () => {
    const url = `${gateway.url}/v2/mcp`;
    const token = await idp.token({ resource: url, scope: 'files:read' });
    const { code, report } = await runAsJson([url, '--tool', 'era'], { PORTCULLIS_TOKEN: token });
    expect([code, report.ok, report.url, linesOf(report, 'fail')]).toEqual([0, true, url, []]);
    expect(linesOf(report, 'ok')).toEqual(
      expect.arrayContaining([
        'https: served over http on loopback',
        'tool call, modern: era got a result',
        'tool call, legacy: era got a result',
        expect.stringMatching(/^immediate event: the acknowledgement arrived after \d+ ms/),
      ]),
    );
    const { code: textCode, output, errors } = await runDoctor([url, '--token', token]);
    expect([textCode, errors]).toEqual([0, '']);
    expect(output.split('\n').at(-1)).toMatch(/^\d+ ok, \d+ warnings, 0 failed, \d+ skipped$/);
    for (const part of [token, ...token.split('.')]) expect(output).not.toContain(part);
  });

  test('in front of a server of the legacy era with sessions: no check fails, and the doctor ends its session', async () => {
    const url = `${gateway.url}/v1/mcp`;
    const token = await idp.token({ resource: url, scope: 'files:read' });
    const { code, report } = await runAsJson([url], { PORTCULLIS_TOKEN: token });
    expect([code, linesOf(report, 'fail')]).toEqual([0, []]);
    expect(linesOf(report, 'ok')).toEqual(
      expect.arrayContaining([
        'opening request, legacy: the server supports 2025-11-25 or before',
        'GET stream: the headers arrived immediately',
      ]),
    );
    expect(v1.seen.some(({ headers }) => headers['mcp-session-id'] !== undefined)).toBe(true);
    expect(v1.sessions()).toEqual([]);
  });

  test('without a token the calls are skipped; with a token for another server the doctor reports the rejection', async () => {
    const url = `${gateway.url}/v2/mcp`;
    const bare = await runAsJson([url]);
    expect([bare.code, linesOf(bare.report, 'fail')]).toEqual([0, []]);
    expect(linesOf(bare.report, 'skipped')).toContain('token accepted: there is no token to send');
    const token = await idp.token({ resource: `${gateway.url}/v1/mcp`, scope: 'files:read' });
    const { code, report } = await runAsJson([url], { PORTCULLIS_TOKEN: token });
    expect([code, linesOf(report, 'fail')]).toEqual([
      1,
      [expect.stringMatching(/^token accepted: server\/discover got 401 with Bearer error="invalid_token"/)],
    ]);
    expect(linesOf(report, 'warn')).toContain(`token audience: aud is "${gateway.url}/v1/mcp", the resource is ${url}`);
  });

  test('as a process: the report on standard output, and the exit code', async () => {
    const url = `${gateway.url}/v2/mcp`;
    const token = await idp.token({ resource: url, scope: 'files:read' });
    const child = spawnNode([MAIN, 'doctor', url], { PORTCULLIS_TOKEN: token });
    const { code } = await withDeadline('the doctor ends', child.exited, 30_000);
    const output = child.lines.join('\n');
    expect([code, output]).toEqual([0, expect.stringMatching(/, 0 failed, \d+ skipped$/)]);
    expect(output).not.toContain(token);
  });
});

describe('without an MCP server', () => {
  test('a closed port: one check fails, and the text counts the others in one line', async () => {
    const { code, report } = await runAsJson([CLOSED]);
    expect([code, report.ok, linesOf(report, 'fail')]).toEqual([
      1,
      false,
      [expect.stringMatching(/^reachable: POST got no response \(ECONNREFUSED/)],
    ]);
    expect(linesOf(report, 'skipped')).toContain('resource: the server was not reached');
    const { output } = await runDoctor([CLOSED]);
    const skipped = output.split('\n').filter((line) => line.startsWith('skipped'));
    const left = allChecks.length - 1;
    expect(skipped).toEqual([`skipped  ${left} more checks: the server was not reached`]);
    expect(output.split('\n').at(-1)).toBe(`0 ok, 0 warnings, 1 failed, ${left} skipped`);
  });

  describe('a certificate that no authority signed', () => {
    afterAll(() => vi.unstubAllEnvs());
    test.each([undefined, '0'])('NODE_TLS_REJECT_UNAUTHORIZED=%s', async (value) => {
      vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', value);
      const own = certificate({ name: 'self-signed', hosts: ['127.0.0.1'] });
      const server = createTlsServer({ cert: own.cert, key: own.key }, (_req, res) => res.end());
      await listen(server);
      const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
      // A client that obeys the variable gets a response.
      const accepted = await new Promise<boolean>((resolve) => {
        const outgoing = request(url, { agent: false }, (response) => response.resume().on('end', () => resolve(true)));
        outgoing.on('error', () => resolve(false)).end();
      });
      expect(accepted).toBe(value === '0');
      const { code, report } = await runAsJson([url]);
      server.close();
      expect([code, linesOf(report, 'fail')]).toEqual([1, [expect.stringMatching(/^reachable: .*SELF_SIGNED/)]]);
      expect(report.checks[0]?.fix).toMatch(/^fix the certificate or its chain/);
    });
  });

  test('a web page at every path', async () => {
    const page = await startServer((_req, res) => res.writeHead(200, { 'content-type': 'text/html' }).end('<p>hello'));
    const { code, report } = await runAsJson([`${page.url}/mcp`]);
    const { output } = await runDoctor([`${page.url}/mcp`]);
    await page.close();
    expect(code).toBe(1);
    expect(linesOf(report, 'fail')).toEqual([
      'MCP server: POST got 200 with an HTML page, and there is no resource metadata: this is not an MCP server',
    ]);
    expect(output).toMatch(/^skipped {2}\d+ more checks: no MCP server was found$/m);
  });

  test('a slow check: its progress goes to standard error, and not with --json', async () => {
    const slow = await startServer((req, res) => {
      setTimeout(() => res.writeHead(404).end(), req.method === 'POST' ? 1_300 : 0);
    });
    const times = { ...DOCTOR_TIMES, progressMs: 1_000 };
    const [text, json] = [captureIo(), captureIo()];
    await Promise.all([doctor([`${slow.url}/mcp`], text, times), doctor([`${slow.url}/mcp`, '--json'], json, times)]);
    await slow.close();
    expect(text.errors).toEqual(['...      reachable: running for 1 s']);
    expect(text.written.filter((line) => line.startsWith('FAIL'))).toHaveLength(1);
    expect(json.errors).toEqual([]);
    expect(DOCTOR_TIMES).toEqual({ eventMs: 3_000, idleMs: 65_000, progressMs: 5_000 });
  });

  test('a name that DNS does not know', async () => {
    const { code, report } = await runAsJson(['http://nobody.invalid/mcp']);
    expect([code, linesOf(report, 'fail')]).toEqual([
      1,
      [expect.stringMatching(/^reachable: POST got no response \((ENOTFOUND|EAI_AGAIN)/)],
    ]);
    expect(report.checks[0]?.fix).toMatch(/^check the host name in the URL/);
  });

  test('an endless response, and bytes that are not HTTP, take a limited time', async () => {
    const endless = await startServer((_req, res) => {
      res.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => res.write('x'.repeat(1 << 16)), 1);
      res.on('close', () => clearInterval(timer));
    });
    const { code, report } = await runAsJson([`${endless.url}/mcp`]);
    await endless.close();
    expect([code, linesOf(report, 'fail')]).toEqual([
      1,
      expect.arrayContaining(['login required: POST without a token got 200 with application/json']),
    ]);
    const noise = createTcpServer((socket) => socket.on('error', () => {}).end('220 mail.example.com ESMTP\r\n'));
    await listen(noise);
    const other = await runAsJson([`http://127.0.0.1:${(noise.address() as AddressInfo).port}/mcp`]);
    noise.close();
    expect([other.code, linesOf(other.report, 'fail')]).toEqual([
      1,
      [expect.stringMatching(/^reachable: POST got no response \(HPE_/)],
    ]);
  });
});

describe('the output', () => {
  let server: ThirdPartyServer;
  beforeAll(async () => {
    server = await startThirdPartyServer({
      challenge: ({ req }) => [`Bearer resource_metadata="/x\u009b2J", scope="${String(req.headers.authorization ?? 'none')}"`],
    });
  });
  afterAll(() => server.stop());

  test('has the expectation and the fix, and neither the token nor control characters from the server', async () => {
    const { code, output } = await runDoctor([server.url], { PORTCULLIS_TOKEN: `Bearer ${server.token}` });
    expect(code).toBe(1);
    expect(output).toContain(
      [
        'FAIL     resource_metadata: the URL is not absolute: /x\\u009b2J',
        '           expected: an absolute https URL with the origin of the server (A-02, A-06, A-21)',
        '           fix:      write the whole URL from a configured public address',
      ].join('\n'),
    );
    expect(output).not.toContain(server.token.split('.')[1]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the output must not contain them
    expect(output).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });

  test('as JSON: observed, expected and requirement for each check, and fix for a problem', async () => {
    const { report } = await runAsJson([server.url], { PORTCULLIS_TOKEN: server.token });
    const fields = ['name', 'result', 'observed', 'expected', 'requirement'];
    for (const check of report.checks)
      expect(Object.keys(check)).toEqual(/warn|fail/.test(check.result) ? [...fields, 'fix'] : fields);
    expect(JSON.stringify(report)).not.toContain(server.token);
  });

  test.each([
    ['no URL', [], 'Give one URL'],
    ['two URLs', ['http://127.0.0.1:9/', 'http://127.0.0.1:9/'], 'Give one URL'],
    ['another scheme', ['ftp://x/'], 'ftp://x/ is not an http or https URL; write all of it'],
    ['half a URL', ['mcp.example.com/mcp'], 'write all of it'],
    ['a fragment', ['https://mcp.example.com/mcp#x'], 'no fragment'],
    ['a password', ['https://a:b@mcp.example.com/mcp'], 'Remove user and password'],
    ['another credential', ['https://mcp.example.com/mcp', '--token', 'Token abc'], 'This is not a bearer token'],
    ['an unknown option', ['--fast', 'https://mcp.example.com/mcp'], "Unknown option '--fast'"],
  ])('%s: exit code 2', async (_title, args, message) => {
    expect(await runDoctor(args)).toEqual({ code: 2, output: '', errors: expect.stringContaining(message) });
  });

  test('--help names the variable for the token', async () => {
    const { code, output } = await runDoctor(['--help']);
    expect([code, output]).toEqual([0, expect.stringContaining('PORTCULLIS_TOKEN')]);
  });
});
