// The doctor on a hostile server: every check gets a result, and the doctor sends few requests to
// other hosts.
import { expect, test } from 'vitest';
import type { Finding } from '../../src/commands/doctor/check.js';
import { allChecks, runChecks } from '../../src/commands/doctor/run-checks.js';
import { startServer } from '../fixtures/ports.js';
import { withDeadline } from '../fixtures/wait.js';

interface Hostile {
  /** The value of resource_metadata. */
  linked?: string;
  /** The whole document at the well-known path. */
  document?: string;
  /** Merged over the metadata of the authorization server, and over the result of initialize. */
  server?: Record<string, unknown>;
  result?: Record<string, unknown>;
  servers?: (origin: string) => unknown[];
}

const TOKEN = 'a-token-of-no-issuer';
const TARGET = { token: TOKEN, tool: null, origin: 'http://localhost:6274', idleMs: null, eventMs: 500 };

async function runDoctor({ linked, document, server, result, servers }: Hostile) {
  const requests: string[] = [];
  let origin = '';
  const listening = await startServer((req, res) => {
    const url = String(req.url);
    requests.push(`${req.method} ${url}`);
    const json = (status: number, text: string): void =>
      void res.writeHead(status, { 'content-type': 'application/json', 'mcp-session-id': 's' }).end(text);
    const write = (status: number, value: unknown): void => json(status, JSON.stringify(value));
    if (url === '/.well-known/oauth-protected-resource/mcp') {
      const good = { resource: `${origin}/mcp`, authorization_servers: servers?.(origin) ?? [origin] };
      return json(200, document ?? JSON.stringify(good));
    }
    if (url.startsWith('/.well-known/oauth-authorization-server')) return write(200, { issuer: origin, ...server });
    if (url !== '/mcp') return write(404, {});
    if (req.headers.authorization !== `Bearer ${TOKEN}`) {
      const at = linked ?? `${origin}/.well-known/oauth-protected-resource/mcp`;
      res.setHeader('www-authenticate', `Bearer resource_metadata="${at}"`);
      return write(401, {});
    }
    write(200, { jsonrpc: '2.0', id: 1, result: { protocolVersion: '2025-06-18', ...result } });
  });
  origin = listening.url;
  const target = { ...TARGET, url: `${origin}/mcp` };
  const findings = await withDeadline('the checks end', runChecks(target), 30_000);
  await listening.close();
  const findingOf = (name: string): Finding | undefined => findings.find(({ check }) => check.name === name);
  return { requests, findings, findingOf };
}

const NOT_A_STRING = { toString: 1, valueOf: 1 };
const DEEP = `{"authorization_servers":[],"resource":"x","more":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
/** Each value throws as a string, in a comparison, in a header or as a URL. Its check must fail. */
const HOSTILE: [title: string, hostile: Hostile, check: string, observed: RegExp][] = [
  ['an issuer that is not a string', { server: { issuer: NOT_A_STRING } }, 'issuer', /cannot be evaluated: .*primitive/],
  [
    'PKCE methods that are not strings',
    { server: { code_challenge_methods_supported: NOT_A_STRING } },
    'PKCE',
    /cannot be evaluated/,
  ],
  ['issuers that are not strings', { servers: () => [NOT_A_STRING] }, 'authorization_servers', /cannot be evaluated/],
  [
    'a document too deep for a comparison',
    { document: DEEP },
    'metadata without authentication',
    /cannot be evaluated: Maximum call stack/,
  ],
  [
    'a version with a line feed',
    { result: { protocolVersion: '2025-06-18\r\nX: y' } },
    'notification',
    /^the notification got no response$/,
  ],
  ['a URL with a broken escape', { linked: 'http://%ff:a@127.0.0.1/' }, 'metadata of the challenge', /NOT SENT: .*malformed/],
];

test.each(HOSTILE)('%s fails its check, and every other check gets a result', async (_title, hostile, name, observed) => {
  const good = await runDoctor({});
  expect([good.findings.length, good.findingOf(name)?.observed]).toEqual([allChecks.length, expect.not.stringMatching(observed)]);
  const { findings, findingOf } = await runDoctor(hostile);
  expect([findings.length, findingOf(name)?.result]).toEqual([allChecks.length, 'fail']);
  expect(findingOf(name)?.observed).toMatch(observed);
});

test('the doctor sends requests to no more than five of the listed issuers', async () => {
  const many = (origin: string): string[] => Array.from({ length: 200 }, (_none, at) => `${origin}/tenant-${at}`);
  const { requests, findingOf } = await runDoctor({ servers: many });
  expect(findingOf('authorization server metadata')?.result).toBe('ok');
  expect(requests.filter((request) => request.includes('tenant-'))).toHaveLength(5);
});

test('a stream of one-byte pieces does not delay the doctor beyond its deadlines', async () => {
  const small = '1\r\n\n\r\n'.repeat(20_000);
  let streams = 0;
  const listening = await startServer((req, res) => {
    const { socket } = res;
    if (req.headers.authorization !== `Bearer ${TOKEN}`) return void res.writeHead(401).end();
    streams += 1;
    res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    const pump = (): void => {
      while (!res.destroyed && socket?.write(small));
    };
    socket?.on('drain', pump);
    pump();
  });
  // Each look at the body takes some time. One look for each piece would take minutes.
  const findings = await withDeadline('the checks end', runChecks({ ...TARGET, url: `${listening.url}/mcp` }), 50_000);
  await listening.close();
  expect([findings.length, streams > 1]).toEqual([allChecks.length, true]);
}, 60_000);
