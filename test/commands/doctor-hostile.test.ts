// The doctor on a server that means it ill: whatever it sends, every check comes to a verdict, and nobody else is bothered.
import { expect, test } from 'vitest';
import { listenLoopback } from '../../src/commands/demo/loopback.js';
import type { Found } from '../../src/commands/doctor/check.js';
import { allChecks, examine } from '../../src/commands/doctor/examine.js';
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

const TOKEN = 'a-token-that-nobody-issued';

async function examined({ linked, document, server, result, servers }: Hostile) {
  const asked: string[] = [];
  let origin = '';
  const listening = await listenLoopback((req, res) => {
    const url = String(req.url);
    asked.push(`${req.method} ${url}`);
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
  const target = { url: `${origin}/mcp`, token: TOKEN, tool: null, origin: 'http://localhost:6274', quietMs: null, eventMs: 500 };
  const found = await withDeadline(
    'the examination',
    examine(target, () => {}),
    30_000,
  );
  await listening.close();
  return { asked, verdict: (name: string): Found | undefined => found.find(({ check }) => check.name === name), found };
}

const NO_TEXT = { toString: 1, valueOf: 1 };
const DEEP = `{"authorization_servers":[],"resource":"x","more":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
/** What it sends, and the check that has to tell of it: what cannot be made a text, compared, written into a header, taken for a URL. */
const HOSTILE: [what: string, hostile: Hostile, check: string, saw: RegExp][] = [
  ['an issuer that is no text', { server: { issuer: NO_TEXT } }, 'issuer', /cannot be judged: .*primitive/],
  ['PKCE methods that are no text', { server: { code_challenge_methods_supported: NO_TEXT } }, 'PKCE', /cannot be judged/],
  ['issuers that are no texts', { servers: () => [NO_TEXT] }, 'authorization_servers', /cannot be judged/],
  ['a document too deep to be compared', { document: DEEP }, 'metadata for whoever asks', /cannot be judged: Maximum call stack/],
  ['a version with a line feed', { result: { protocolVersion: '2025-06-18\r\nX: y' } }, 'notification', /^no answer$/],
  ['a URL with a broken escape', { linked: 'http://%ff:a@127.0.0.1/' }, 'metadata of the challenge', /NOT ASKED: .*malformed/],
];

test.each(HOSTILE)('%s is told by its check, and the others come to a verdict too', async (_what, hostile, name, saw) => {
  const good = await examined({});
  expect([good.found.length, good.verdict(name)?.saw]).toEqual([allChecks.length, expect.not.stringMatching(saw)]);
  const { found, verdict } = await examined(hostile);
  expect([found.length, verdict(name)?.verdict]).toEqual([allChecks.length, 'fail']);
  expect(verdict(name)?.saw).toMatch(saw);
});

test('a list of issuers sends the doctor to no more than a few of them', async () => {
  const many = (origin: string): string[] => Array.from({ length: 200 }, (_none, at) => `${origin}/tenant-${at}`);
  const { asked, verdict } = await examined({ servers: many });
  expect(verdict('metadata of the authorization server')?.verdict).toBe('ok');
  expect(asked.filter((one) => one.includes('tenant-'))).toHaveLength(5);
});

test('a stream of one-byte pieces keeps nobody waiting for longer than the deadlines', async () => {
  const small = '1\r\n\n\r\n'.repeat(20_000);
  let streams = 0;
  const listening = await listenLoopback((req, res) => {
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
  const target = { url: `${listening.url}/mcp`, token: TOKEN, tool: null, origin: 'http://localhost:6274' };
  // Each read of the stream costs some time; piece by piece it was minutes for each.
  const found = await withDeadline(
    'the examination',
    examine({ ...target, quietMs: null, eventMs: 500 }, () => {}),
    50_000,
  );
  await listening.close();
  expect([found.length, streams > 1]).toEqual([allChecks.length, true]);
}, 60_000);
