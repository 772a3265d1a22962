// The doctor without an MCP server, at the wrong address, and while a check takes long.
import { describe, expect, test } from 'vitest';
import { createProgressTimer } from '../../src/commands/doctor/progress-timer.js';
import { allChecks } from '../../src/commands/doctor/run-checks.js';
import { until } from '../fixtures/wait.js';
import { changingHead, hasToken, html, linesOf, linked, OPEN, runDoctor, status, WELL_KNOWN } from './run-doctor.js';
import { type Behaviour, type Fault, startThirdPartyServer } from './third-party-server.js';

const atMcp = (respond: Behaviour['before']): Fault => ({ before: (req, res) => req.url === '/mcp' && respond(req, res) });
const withoutMetadata = (respond: Behaviour['before']): Fault => ({
  before: (req, res) => (String(req.url).includes('/.well-known/') ? status(res, 404) : respond(req, res)),
});

async function findingsOf(fault: Fault, more: Parameters<typeof runDoctor>[1] = {}) {
  const server = await startThirdPartyServer(fault);
  const findings = await runDoctor(server, more);
  await server.stop();
  const failed = findings.find(({ result }) => result === 'fail');
  return {
    findings,
    firstFailure: `${failed?.check.name}: ${failed?.observed}`,
    fix: failed?.fix,
    lastSkipped: linesOf(findings, 'skipped').at(-1),
  };
}
const OPEN_BEFORE = (OPEN as Behaviour).before;
const LEFT_OUT = /no MCP server was found$/;

describe('no MCP server at the URL: one check fails, and no other runs', () => {
  test.each<[string, Fault, string, RegExp]>([
    [
      '404',
      atMcp((_req, res) => status(res, 404)),
      'POST got 404 with application/json: no MCP server responds at this URL',
      /^check the URL: it must be exact, with its path/,
    ],
    [
      '421, for a host that the server does not have',
      atMcp((_req, res) => status(res, 421)),
      'POST got 421 with application/json: no MCP server responds at this URL',
      /The server does not have this host: let proxies pass Host on\./,
    ],
    [
      'a web page',
      withoutMetadata((_req, res) => html(res)),
      'POST got 200 with an HTML page, and there is no resource metadata: this is not an MCP server',
      /^$/,
    ],
    [
      'a proxy without its upstream',
      withoutMetadata((_req, res) => html(res, 502)),
      'POST got 502 with an HTML page ("app"): a proxy answered 502 itself, because nothing answers behind it',
      /^start the gateway or the MCP server behind the proxy/,
    ],
  ])('%s', async (_title, fault, observed, expectedFix) => {
    const { findings, firstFailure, fix, lastSkipped } = await findingsOf(fault);
    expect([findings.length, firstFailure, lastSkipped]).toEqual([
      allChecks.length,
      `MCP server: ${observed}`,
      expect.stringMatching(LEFT_OUT),
    ]);
    expect(linesOf(findings, 'fail')).toHaveLength(1);
    expect(fix ?? '').toMatch(expectedFix);
  });

  test('a trailing slash too many: the fix names it, and the URL in the metadata', async () => {
    const server = await startThirdPartyServer({
      before(req) {
        if (req.url === `${WELL_KNOWN}/`) req.url = WELL_KNOWN;
        return false;
      },
    });
    expect(linesOf(await runDoctor(server), 'fail')).toEqual([]);
    const findings = await runDoctor(server, { url: `${server.url}/` });
    await server.stop();
    const [failed] = findings.filter(({ result }) => result === 'fail');
    expect(failed?.check.name).toBe('MCP server');
    expect(failed?.fix).toContain(`The URL ends with a slash: try it without. The metadata names ${server.url}.`);
  });
});

describe('an unusual response that may come from an MCP server: all checks run', () => {
  // Without a token the doctor cannot see that the server works with one. It then needs other
  // evidence, such as metadata.
  test.each<[string, Fault, string, { token: null } | undefined]>([
    ['a page instead of 401, with metadata', atMcp((_req, res) => html(res)), '200 with an HTML page', { token: null }],
    [
      '404 for requests without a token',
      atMcp((req, res) => !hasToken(req) && status(res, 404)),
      '404 with application/json',
      undefined,
    ],
    [
      'an unknown method (2026-07-28)',
      atMcp((_req, res) => {
        res.writeHead(404, { 'content-type': 'application/json' });
        res.end('{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"Method not found"}}');
        return true;
      }),
      '404 with application/json',
      { token: null },
    ],
  ])('%s', async (_title, fault, got, more) => {
    const { findings, firstFailure } = await findingsOf(fault, more);
    expect(firstFailure).toBe(`login required: POST without a token got ${got}`);
    expect(linesOf(findings, 'skipped').filter((line) => LEFT_OUT.test(line))).toEqual([]);
  });
});

describe('an open server', () => {
  test('does not have to expose headers that it does not send, and needs no copy of the metadata for Codex', async () => {
    const { findings } = await findingsOf({ ...OPEN, exposed: '' }, { token: null });
    expect(linesOf(findings, 'fail')).toEqual([]);
    expect(linesOf(findings, 'ok')).toContain(
      'ok authorization server metadata at the origin: GET got 404: the server needs no login',
    );
  });
  test('has to expose the headers that it sends', async () => {
    const withSession = changingHead((code, headers) => {
      headers['mcp-session-id'] = 's';
      return code;
    });
    const { firstFailure } = await findingsOf((good) => ({ ...withSession(good), ...OPEN, exposed: '' }), { token: null });
    expect(firstFailure).toBe('readable by a web page: the response does not expose mcp-session-id');
  });
});

/** Like a server of 2026-07-28 alone: it does not know `initialize`. */
const modernOnly =
  (status: number, code: number): Behaviour['before'] =>
  (req, res) => {
    if (String(req.url).includes('/.well-known/')) return OPEN_BEFORE(req, res);
    if (req.method !== 'POST' || req.headers['mcp-protocol-version'] === '2026-07-28') return OPEN_BEFORE(req, res);
    res.writeHead(status, { 'content-type': 'application/json' });
    res.end(`{"jsonrpc":"2.0","id":1,"error":{"code":${code},"message":"no"}}`);
    return true;
  };

describe('an open server of 2026-07-28 alone', () => {
  test.each([
    ['unsupported version', 400, -32022],
    ['unknown method', 404, -32601],
    ['an error with status 200', 200, -32601],
  ])('that rejects initialize with %s: the doctor lists and calls its tools', async (_title, status, code) => {
    const { findings } = await findingsOf({ ...OPEN, before: modernOnly(status, code) }, { token: null });
    expect(linesOf(findings, 'fail')).toEqual([]);
    expect(linesOf(findings, 'warn')).toContain(
      'warn login required: server/discover without a token got 200: the server needs no login',
    );
    expect(linesOf(findings, 'ok')).toEqual(
      expect.arrayContaining([
        'ok opening request, modern: the server supports 2026-07-28',
        'ok tool call, modern: time got a result',
        'ok supported era: the server supports modern',
        expect.stringMatching(/^ok immediate event: /),
      ]),
    );
  });
});

test('the copy of the metadata: a warning for 404 does not expect 404', async () => {
  const { findings } = await findingsOf({});
  const finding = findings.find(({ check }) => check.name === 'authorization server metadata at the origin');
  expect([finding?.result, finding?.check.expected]).toEqual(['warn', expect.not.stringMatching(/or 404$/)]);
});

test('an address that is not the public one: each fix says so', async () => {
  const elsewhere = 'http://127.0.0.1:9';
  const { findings } = await findingsOf((good) => ({
    ...linked(`${elsewhere}/.well-known/oauth-protected-resource/mcp`)(good),
    metadata: { resource: `${elsewhere}/mcp` },
  }));
  const failed = findings.filter(({ result }) => result === 'fail');
  expect(failed.map(({ check }) => check.name)).toEqual(['resource_metadata', 'metadata of the challenge', 'resource']);
  for (const { fix } of failed)
    expect(fix).toMatch(/^run the doctor on the public URL, .*replica.* If this is the public URL, (make|set|write) /);
});

test('the progress timer reports the running check, and no check that has ended', async () => {
  const lines: string[] = [];
  const timer = createProgressTimer(20, (line) => void lines.push(line));
  timer.begin('short');
  timer.begin('idle stream');
  await until('two lines', () => lines.length >= 2);
  timer.end();
  const { length } = lines;
  expect(lines.every((line) => line.startsWith('...      idle stream: running for '))).toBe(true);
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(lines).toHaveLength(length);
});
