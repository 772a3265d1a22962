// The other parts of the bench: arguments, configuration, tokens, the check of the floor and peers.
import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { resolveConfig } from '../../src/config/load.js';

interface Options {
  readonly only: string[];
  readonly peers: { name: string }[];
  readonly nodes: string[];
  readonly rounds: number;
}
interface Parts {
  readonly readOptions: (args: string[]) => Options;
  readonly configurationOf: (text: string, setting: object) => Record<string, unknown>;
  readonly tokensOf: (kind: string) => string[];
  readonly createTokenCheck: (trust: object) => (authorization: string | undefined, done: (good: boolean) => void) => void;
  readonly records: (requests: string[]) => Buffer;
  readonly startPeer: (peer: object, options: object) => Promise<unknown>;
  readonly findNode: (name: string, say: (line: string) => void) => Promise<string>;
  readonly estimate: (works: object[], targets: number, options: object) => number;
  readonly works: { name: string }[];
  readonly ISSUER: string;
  readonly AUDIENCE: string;
  readonly jwk: object;
}

let parts: Parts;
beforeAll(async () => {
  const names = ['options', 'gateways', 'tokens', 'request-files', 'peers/all', 'nodes', 'measure', 'works', '../token-check'];
  const modules = names.map((name) => import(/* @vite-ignore */ new URL(`../../bench/lab/${name}.mjs`, import.meta.url).href));
  parts = Object.assign({}, ...(await Promise.all(modules))) as Parts;
});

describe('the arguments', () => {
  test('without any: all works, all peers, this Node', () => {
    const { only, peers, nodes, rounds } = parts.readOptions([]);
    expect(only).toEqual(parts.works.map(({ name }) => name));
    expect(peers.map(({ name }) => name)).toEqual(['HAProxy', 'nginx', 'Apache', 'Express', 'Fastify']);
    expect([nodes, rounds]).toEqual([[], 8]);
  });

  test('several releases of Node are compared with HAProxy alone, unless peers are named', () => {
    expect(parts.readOptions(['--node', '20,24']).peers.map(({ name }) => name)).toEqual(['HAProxy']);
    expect(parts.readOptions(['--node', '20,24', '--peers', 'nginx']).peers.map(({ name }) => name)).toEqual(['nginx']);
    expect(parts.readOptions(['--node', '24']).peers).toHaveLength(5);
    expect(parts.readOptions(['--peers', 'none']).peers).toEqual([]);
  });

  test.each([
    [['--only', 'json,nothing'], 'there is no work nothing'],
    [['--peers', 'caddy'], 'there is no peer caddy'],
    [['--rounds', '0'], '--rounds is from 1 to 100'],
    [['--seconds', 'x'], '--seconds is from'],
    [['--fast'], "Unknown option '--fast'"],
  ])('%j: %s', (args, message) => {
    expect(() => parts.readOptions(args)).toThrow(message);
  });

  test('the run of all targets takes at most 12 minutes, with an older build', () => {
    expect(parts.estimate(parts.works, 9, { rounds: 8, seconds: 0.6 })).toBeLessThan(12 * 60);
  });

  test('a Node is a path or a version', async () => {
    const say = (): void => {};
    expect(await parts.findNode(process.execPath, say)).toBe(process.execPath);
    expect(await parts.findNode(process.versions.node, say)).toBe(process.execPath);
    await expect(parts.findNode('latest', say)).rejects.toThrow('--node latest: write 20, 22, 24, 26');
  });
});

describe('bench/everything.yaml', () => {
  const text = readFileSync(new URL('../../bench/everything.yaml', import.meta.url), 'utf8');
  const setting = { upstream: 'http://127.0.0.1:1', issuer: 'http://127.0.0.1:2' };
  const ports = { listen: { host: '127.0.0.1', port: 3 }, admin: { host: '127.0.0.1', port: 4 } };
  const resolved = (input: unknown): void => void resolveConfig(input, {});

  test('is a configuration as it is, with ten rules, a scope and a limit', () => {
    const config = parse(text) as { endpoints: [{ tools: { rules: object[] }; scopes: string[]; limits: object }] };
    expect(() => resolved(config)).not.toThrow();
    expect(config.endpoints[0].tools.rules).toHaveLength(10);
    expect(config.endpoints[0].limits).toEqual({ perPrincipal: { ratePerMinute: 1_000_000 } });
    expect(config.endpoints[0].scopes).toEqual(['mcp:tools']);
  });

  test.each([false, true])('gets the ports of a run, plain: %j', (plain) => {
    const config = parts.configurationOf(text, { ...setting, plain });
    expect(() => resolved({ ...config, ...ports })).not.toThrow();
    const [endpoint] = config.endpoints as [Record<string, unknown>];
    expect(endpoint.upstream).toBe('http://127.0.0.1:1/mcp');
    expect(['tools' in endpoint, 'limits' in endpoint, 'metrics' in config]).toEqual([!plain, !plain, !plain]);
    expect(endpoint.scopes).toEqual(['mcp:tools']);
  });
});

test('the floor that verifies takes good tokens, and no others', async () => {
  const check = parts.createTokenCheck({ jwk: parts.jwk, issuer: parts.ISSUER, audience: parts.AUDIENCE });
  const isGood = (authorization?: string): Promise<boolean> => new Promise((resolve) => check(authorization, resolve));
  const [hot = ''] = parts.tokensOf('hot');
  const [expired = ''] = parts.tokensOf('expired');
  const [head, claims, signature = ''] = hot.split('.');
  const forged = `${head}.${claims}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
  expect(await isGood(`Bearer ${hot}`)).toBe(true);
  expect(await isGood(`Bearer ${hot}`)).toBe(true);
  for (const bad of [forged, expired, `${head}.${claims}`, 'a.b.c', '']) expect(await isGood(`Bearer ${bad}`)).toBe(false);
  expect(await isGood()).toBe(false);
  const elsewhere = parts.createTokenCheck({ jwk: parts.jwk, issuer: parts.ISSUER, audience: 'http://127.0.0.1/other' });
  expect(await new Promise((resolve) => elsewhere(`Bearer ${hot}`, resolve))).toBe(false);
});

test('a record has its length before it, low byte first, in bytes', () => {
  const bytes = parts.records(['ab', 'é'.repeat(200)]);
  expect([...bytes.subarray(0, 6)]).toEqual([2, 0, 0, 0, 97, 98]);
  expect([...bytes.subarray(6, 10)]).toEqual([144, 1, 0, 0]);
  expect(bytes).toHaveLength(10 + 400);
});

test('the files of the lab have the length of the house', () => {
  const folder = new URL('../../bench/lab/', import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(?:mjs|c|h)$/.test(name));
  expect(files).toEqual(expect.arrayContaining(['works.mjs', 'native/load.c', 'peers/nginx.mjs']));
  const flaws = files.flatMap((name) => {
    const lines = readFileSync(new URL(name, folder), 'utf8').split('\n');
    const isWide = name.endsWith('mjs') ? () => false : (line: string) => line.length > 100;
    return lines.length > 251 || lines.some(isWide) || !lines[0]?.startsWith('// ') ? [name] : [];
  });
  expect(flaws).toEqual([]);
});

test('a peer that is not there is left out, with what it needs', async () => {
  const said: string[] = [];
  const peer = { name: 'Nowhere', packages: ['portcullis-no-such-package'], start: () => ({ command: ['false'] }) };
  const say = (line: string): void => void said.push(line);
  expect(await parts.startPeer(peer, { node: process.execPath, upstreamPort: 9, say })).toBeNull();
  expect(said.join('\n')).toMatch(/^Nowhere is left out: .*the Debian packages portcullis-no-such-package$/s);
});
