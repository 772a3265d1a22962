// The words that the gateway writes at its start on a terminal: plain, exact, bounded, and without
// a secret part of a URL.
import { generateKeyPairSync } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createStartLines } from '../../src/commands/start-lines.js';
import { parseYaml } from '../../src/config/load.js';

const ADDRESS = { address: '127.0.0.1', family: 'IPv4', port: 8080 };
const LISTENING = { event: 'gateway.listening', level: 'info', address: ADDRESS, admin: { ...ADDRESS, port: 9090 } } as const;
const A = 'https://a.example';
const B = 'https://b.example';
const loaded = (issuer: string, more = {}) => ({ event: 'keys.loaded', level: 'info' as const, issuer, keys: 2, ...more });
const failed = (issuer: string) => ({ event: 'keys.load_failed', level: 'error' as const, issuer, detail: 'keys: ECONNREFUSED' });

const yaml = (endpoints: string[], issuers: string[]): string =>
  `publicUrl: https://mcp.example.com\nissuers:\n${issuers.map((one) => `  ${one}\n`).join('')}endpoints:\n${endpoints
    .map((one) => `  - ${one}\n`)
    .join('')}`;

function starting(text: string) {
  const lines: string[] = [];
  const config = parseYaml(text, { SECRET: 'introspection-secret-88' });
  return { lines, announce: createStartLines(config, { version: '1.2.3', write: (line) => void lines.push(line) }) };
}
const usual = () =>
  starting(yaml(['{ path: /mcp, issuers: [a], upstream: "http://10.0.0.5:3000/mcp" }'], [`a: { issuer: "${A}" }`]));
const END = 'The log follows as JSON lines.';

test('version, addresses, endpoint and issuer, and then the log', async () => {
  const { lines, announce } = usual();
  expect(announce(LISTENING)).toBe(true);
  await setImmediate();
  expect(announce(loaded(A))).toBe(true);
  expect(lines).toEqual([
    'Portcullis 1.2.3 listens on http://127.0.0.1:8080',
    'Page, metrics and health: http://127.0.0.1:9090',
    'Endpoint https://mcp.example.com/mcp -> http://10.0.0.5:3000/mcp',
    `Issuer ${A}: 2 keys loaded`,
    END,
  ]);
  // From now on the log has every notice.
  for (const notice of [loaded(A), failed(A), { event: 'x.y', level: 'warn' as const }]) expect(announce(notice)).toBe(false);
  expect(lines).toHaveLength(5);
});

test.each([
  [loaded(A, { keys: 1 }), `Issuer ${A}: 1 key loaded`],
  [loaded(A, { level: 'warn', skipped: ['k: alg HS256'] }), `Issuer ${A}: 2 keys loaded, some skipped: ["k: alg HS256"]`],
  [failed(A), `Issuer ${A}: no keys yet, the gateway tries again (keys: ECONNREFUSED)`],
  [{ ...failed(A), event: 'keys.empty_set' }, `Issuer ${A}: no keys yet, the gateway tries again (keys: ECONNREFUSED)`],
])('an issuer: %j', (notice, line) => {
  const { lines, announce } = usual();
  announce(LISTENING);
  expect(announce(notice)).toBe(true);
  expect(lines.slice(3)).toEqual([line, END]);
});

const metadataFailed = (detail: string) => ({ event: 'metadata.load_failed', level: 'warn' as const, issuer: A, detail });

test.each([
  ['metadata: ECONNREFUSED at https://a.example/x', 'metadata: ECONNREFUSED at https://a.example/x'],
  ['metadata: status 404; set metadataUrl of this issuer', 'metadata: status 404; set jwksUri or metadataUrl of this issuer'],
])('one cause of metadata and keys is one line: %s', (own, detail) => {
  const { lines, announce } = usual();
  announce(LISTENING);
  expect(announce(metadataFailed(own))).toBe(true);
  expect(announce({ ...failed(A), detail })).toBe(true);
  expect(lines.slice(3)).toEqual([`Issuer ${A}: no keys yet, the gateway tries again (${detail})`, END]);
});

test.each([loaded(A), failed(A)])('metadata that fails for its own cause has its own line: %j', (keys) => {
  const { lines, announce } = usual();
  announce(LISTENING);
  announce(metadataFailed('metadata: status 404 at x'));
  announce(keys);
  expect(lines.slice(3)).toEqual([
    `Warning metadata.load_failed: ${A}: metadata: status 404 at x`,
    expect.stringMatching(/^Issuer /),
    END,
  ]);
});

test('a reason with two long URLs is whole', () => {
  const { lines, announce } = usual();
  announce(LISTENING);
  const url = `https://a.example/${'p'.repeat(180)}`;
  const detail = `metadata: status 404 at ${url}, status 404 at ${url}; set jwksUri or metadataUrl of this issuer`;
  announce({ ...failed(A), detail });
  expect(lines[3]).toContain(detail);
});

test('warnings are words too, after the addresses; other notices stay in the log', async () => {
  const { lines, announce } = usual();
  expect(announce({ event: 'issuer.insecure_http', level: 'warn', issuer: A })).toBe(true);
  expect(lines).toEqual([]);
  announce(LISTENING);
  expect(announce({ event: 'session.key_drawn', level: 'warn', detail: 'write\u001b[31m sessionKeys' })).toBe(true);
  expect(announce({ event: 'introspection.client_rejected', level: 'error', issuer: A, detail: 'x' })).toBe(false);
  await setImmediate();
  expect(lines.slice(3)).toEqual([
    `Warning issuer.insecure_http: ${A}`,
    'Warning session.key_drawn: write\\u001b[31m sessionKeys',
  ]);
});

test('issuers with introspection alone need no keys', async () => {
  const one = `a: { issuer: "${A}", verify: introspection, introspection: { url: "https://a.example/check?tenant=secret", clientId: g, clientSecret: "\${env:SECRET}" } }`;
  const two = `b: { issuer: "${B}", verify: introspection, introspection: { clientId: g, clientSecret: "\${env:SECRET}" }, tokenPrefixes: [b_] }`;
  const { lines, announce } = starting(
    yaml(
      ['{ path: /mcp, issuers: [a], upstream: "http://u/mcp" }', '{ path: /b, issuers: [b], upstream: "http://u/b" }'],
      [one, two],
    ),
  );
  announce(LISTENING);
  // This one comes in the same turn.
  expect(announce({ event: 'session.key_drawn', level: 'warn', detail: 'd' })).toBe(true);
  await setImmediate();
  expect(lines.slice(4)).toEqual([
    `Issuer ${A}: introspection at https://a.example/check?...`,
    `Issuer ${B}: introspection at the endpoint of its metadata`,
    'Warning session.key_drawn: d',
    END,
  ]);
  expect(lines.join()).not.toContain('secret');
});

const HASH = 'a'.repeat(63);
const withKeys = (file: string | null, count: number, own = 2) => {
  const keys = Array.from({ length: own }, (_, i) => `  partner-${i}: { sha256: ${HASH}${i} }\n`).join('');
  const text =
    'publicUrl: https://mcp.example.com\n' +
    `${file === null ? '' : `apiKeysFile: ${file}\n`}${own === 0 ? '' : `apiKeys:\n${keys}`}` +
    'bridge: { keys: ["${env:RING}"] }\n' +
    'endpoints:\n  - { path: /mcp, apiKeys: [{ header: X-Api-Key }], upstream: "http://u/mcp" }\n';
  const RING = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const lines: string[] = [];
  const options = { version: '1', write: (line: string) => void lines.push(line), keyCount: count };
  return { lines, announce: createStartLines(parseYaml(text, { RING }), options) };
};

test.each<[string, string | null, number, number, string]>([
  ['keys of the configuration', null, 2, 2, 'API keys: 2'],
  ['keys of a file', '/etc/portcullis/keys.jsonl', 100_000, 0, 'API keys: 100,000 from keys.jsonl'],
  ['both', '/etc/keys.jsonl', 100_002, 2, 'API keys: 2 from the configuration, 100,000 from keys.jsonl'],
  ['an empty file', '/etc/keys.jsonl', 0, 0, 'API keys: 0 from keys.jsonl'],
])('an endpoint of API keys without issuers, the bridge, and %s', async (_what, file, count, own, line) => {
  const { lines, announce } = withKeys(file, count, own);
  expect(announce({ event: 'config.api_keys_empty', level: 'warn', detail: 'no keys' })).toBe(true);
  expect(announce(LISTENING)).toBe(true);
  await setImmediate();
  expect(lines.slice(2)).toEqual([
    'Endpoint https://mcp.example.com/mcp -> http://u/mcp',
    'Bridge for API keys: https://mcp.example.com/bridge, tokens at https://mcp.example.com/oauth/token',
    line,
    'Warning config.api_keys_empty: no keys',
    END,
  ]);
  for (const part of [HASH.slice(0, 8), 'partner']) expect(lines.join()).not.toContain(part);
  // No issuer has keys to wait for: from now on the log has every notice.
  expect(announce({ event: 'x.y', level: 'warn' })).toBe(false);
});

test('no user, password or query of an upstream is shown', () => {
  const { lines, announce } = starting(
    yaml(['{ path: /mcp, issuers: [a], upstream: "http://10.0.0.5:3000/mcp?key=query-secret" }'], [`a: { issuer: "${A}" }`]),
  );
  announce(LISTENING);
  expect(lines[2]).toBe('Endpoint https://mcp.example.com/mcp -> http://10.0.0.5:3000/mcp?...');
});

test('IPv6 addresses have brackets', () => {
  const { lines, announce } = usual();
  const address = { address: '::1', family: 'IPv6', port: 1 };
  announce({ ...LISTENING, address, admin: address });
  expect(lines.slice(0, 2)).toEqual(['Portcullis 1.2.3 listens on http://[::1]:1', 'Page, metrics and health: http://[::1]:1']);
});

test('1,000 endpoints and 50 issuers: the first 20 of each, and the number of the rest', async () => {
  const issuers = Array.from({ length: 50 }, (_, i) => `https://i${i}.example`);
  const { lines, announce } = starting(
    yaml(
      Array.from({ length: 1000 }, (_, i) => `{ path: /e${i}, issuers: [i${i % 50}], upstream: "http://u/e${i}" }`),
      issuers.map((issuer, i) => `i${i}: { issuer: "${issuer}" }`),
    ),
  );
  announce(LISTENING);
  await setImmediate();
  expect(lines).toHaveLength(2 + 20 + 1);
  expect(lines.at(-1)).toBe('... and 980 more endpoints');
  const told = issuers.map((issuer, i) => announce(i % 10 === 9 ? failed(issuer) : loaded(issuer)));
  // A failure that has no words stays in the log.
  expect(told.flatMap((inWords, i) => (inWords ? [] : [i]))).toEqual([29, 39, 49]);
  expect(lines.slice(23 + 20)).toEqual(['All issuers: 45 have keys, 5 have none yet', END]);
});
