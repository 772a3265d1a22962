// The doctor on a proxy whose gateway is down: one failure that quotes the answer of the proxy.
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createInspection } from '../../src/commands/doctor/inspection.js';
import { allChecks } from '../../src/commands/doctor/run-checks.js';
import { certificate } from '../fixtures/certificate.js';
import { listen } from '../fixtures/ports.js';
import { linesOf, runDoctor, TARGET, WELL_KNOWN } from './run-doctor.js';
import { type Fault, startThirdPartyServer } from './third-party-server.js';

type Answer = { code: number; type: string; body: string; server?: string };

const answering = ({ code, type, body, server = '' }: Answer, except = ''): Fault => ({
  before: (req, res) => {
    if (req.url === except) return false;
    res.writeHead(code, { 'content-type': type, ...(server === '' ? {} : { server }) }).end(body);
    return true;
  },
});

const rpc = (code: number, message: string): string => JSON.stringify({ jsonrpc: '2.0', error: { code, message } });
/** The answer of the samples in docs/hosting.md. */
const sample = (name: string, code: number): Answer => ({
  code,
  type: 'application/json',
  body: rpc(-32603, `${name}, not the gateway: ${code}`),
});
const NGINX_PAGE =
  '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body></html>';
const page = (body: string, code = 502, server = ''): Answer => ({ code, type: 'text/html', body, server });

async function findingsOf(fault: Fault) {
  const server = await startThirdPartyServer(fault);
  const findings = await runDoctor(server);
  await server.stop();
  return findings;
}

describe('nothing answers behind the proxy: one check fails, and no other runs', () => {
  test.each<[string, Answer, string]>([
    [
      'nginx',
      { ...sample('nginx', 502), server: 'nginx/1.22.1' },
      '("nginx, not the gateway: 502"): nginx, or another proxy, answered 502',
    ],
    ['HAProxy', sample('HAProxy', 503), '("HAProxy, not the gateway: 503"): a proxy answered 503'],
    ['Caddy', sample('Caddy', 502), '("Caddy, not the gateway: 502"): a proxy answered 502'],
    ['Apache', sample('Apache', 504), '("Apache, not the gateway: 504"): a proxy answered 504'],
    ['the page of nginx', page(NGINX_PAGE, 502, 'nginx'), '502 with an HTML page ("502 Bad Gateway"): nginx, or another'],
    [
      'the page of HAProxy',
      page('<html><body><h1>503 Service Unavailable</h1>\nNo server', 503),
      '("503 Service Unavailable"): HAProxy, or',
    ],
    ['a page without a heading', page('<p>Sorry,</p>\n<p>later'), '("Sorry, later"): a proxy answered 502'],
    ['an empty page', page(''), '502 with an HTML page: a proxy answered 502'],
    ['another JSON body', { code: 502, type: 'application/json', body: '{"message":"no upstream"}' }, '("no upstream"): a'],
    ['a text', { code: 503, type: 'text/plain', body: 'no healthy upstream' }, '("no healthy upstream"): a proxy'],
    ['Cloudflare', page('<h1>Web server is down</h1>', 521, 'cloudflare'), '("Web server is down"): Cloudflare, or another'],
  ])('%s', async (_title, answer, part) => {
    const findings = await findingsOf(answering(answer));
    const failed = findings.filter(({ result }) => result === 'fail');
    expect(failed.map(({ check }) => check.name)).toEqual(['MCP server']);
    expect(failed[0]?.observed).toContain(part);
    expect(failed[0]?.observed).toMatch(/ itself, because nothing answers behind it$/);
    expect(failed[0]?.fix).toMatch(/^start the gateway or the MCP server behind the proxy/);
    expect(linesOf(findings, 'ok', 'warn')).toHaveLength(2);
    expect(linesOf(findings, 'skipped')).toHaveLength(allChecks.length - 3);
  });

  test('a long message is cut', async () => {
    const [failed] = linesOf(await findingsOf(answering(page(`<h1>${'long '.repeat(5_000)}`))), 'fail');
    expect(failed).toMatch(/\("(long ){23}long \.\.\."\)|\("(long ){23}long.*\.\.\."\)/);
    expect(failed?.length).toBeLessThan(300);
  });

  test('a proxy that has the metadata itself', async () => {
    const failed = linesOf(await findingsOf(answering(sample('nginx', 502), WELL_KNOWN)), 'fail');
    expect(failed).toEqual([expect.stringMatching(/^fail MCP server: .* nothing answers behind it$/)]);
  });

  test('a gateway that drains is not called a proxy', async () => {
    const body = rpc(-31503, 'The gateway is shutting down');
    const failed = linesOf(await findingsOf(answering({ code: 503, type: 'application/json', body })), 'fail');
    expect(failed).toEqual([
      'fail MCP server: POST got 503 with application/json ("The gateway is shutting down"): the gateway itself answers so',
    ]);
  });
});

describe('an issuer on loopback over http', () => {
  const codeFor = async (url: string): Promise<string> => {
    const outcome = await createInspection({ ...TARGET, url, token: null }).get('http://127.0.0.1:9/x');
    return outcome.kind === 'no response' ? outcome.code : '';
  };
  test.each(['https://127.0.0.1:9/mcp', 'https://localhost:9/mcp', 'https://[::1]:9/mcp', 'http://127.0.0.1:9/mcp'])(
    'the doctor asks it for %s',
    async (url) => expect(await codeFor(url)).toBe('ECONNREFUSED'),
  );
  test.each(['https://mcp.example.com/mcp', 'http://mcp.example.com/mcp', 'https://localhost.example.com/mcp'])(
    'and not for %s: a remote server must not direct it to this machine',
    async (url) => expect(await codeFor(url)).toBe('NOT SENT'),
  );
});

test('an issuer with a certificate of a private authority: the fix is the variable', async () => {
  const own = certificate({ name: 'private', hosts: ['127.0.0.1'] });
  const issuer = createTlsServer({ cert: own.cert, key: own.key }, (_req, res) => res.end());
  await listen(issuer);
  const servers = [`https://127.0.0.1:${(issuer.address() as AddressInfo).port}`];
  const findings = await findingsOf({ metadata: { authorization_servers: servers } });
  issuer.close();
  const failed = findings.find(({ result }) => result === 'fail');
  expect([failed?.check.name, failed?.fix]).toEqual([
    'authorization server metadata',
    expect.stringContaining('NODE_EXTRA_CA_CERTS=/path/ca.pem'),
  ]);
});
