// `portcullis doctor` on the real gateway; its options, its exit codes, and its output without the
// token.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Idp } from '../../src/commands/demo/idp.js';
import { spawnNode } from '../fixtures/child.js';
import type { Gateway } from '../fixtures/gateway.js';
import { startIdp } from '../fixtures/idp.js';
import { startConfigured } from '../fixtures/scene.js';
import { startV1Upstream, type V1Upstream } from '../fixtures/upstream-v1.js';
import { startV2Upstream, type V2Upstream } from '../fixtures/upstream-v2.js';
import { withDeadline } from '../fixtures/wait.js';
import { linesOf, runAsJson, runDoctor } from './doctor-report.js';
import { startThirdPartyServer, type ThirdPartyServer } from './third-party-server.js';

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname;

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
        {
          path: '/rules/mcp',
          ...common,
          upstream: v2.url,
          tools: { default: 'allow', rules: [{ tool: 'era', scopes: ['files:write'] }] },
        },
      ],
    });
    for (const path of ['/v1/mcp', '/v2/mcp', '/rules/mcp']) idp.addResource(gateway.url + path, 'jwt');
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
    expect(output.split('\n').at(-1)).toMatch(/^\d+ ok, \d+ warnings?, 0 failed, \d+ skipped$/);
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

  test('with a tool that needs more scopes: the doctor names the one that the token lacks', async () => {
    const url = `${gateway.url}/rules/mcp`;
    const token = await idp.token({ resource: url, scope: 'files:read' });
    const { code, report } = await runAsJson([url, '--tool', 'era'], { PORTCULLIS_TOKEN: token });
    expect([code, linesOf(report, 'fail')]).toEqual([0, []]);
    expect(linesOf(report, 'skipped')).toEqual(
      expect.arrayContaining(
        ['modern', 'legacy'].map(
          (era) => `tool call, ${era}: era needs scopes that the token lacks (files:write); get a token with these scopes`,
        ),
      ),
    );
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
      expect(Object.keys(check).filter((name) => name !== 'settings')).toEqual(
        /warn|fail/.test(check.result) ? [...fields, 'fix'] : fields,
      );
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
