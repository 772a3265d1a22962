// A configuration whose servers are real and good, for `check`: an issuer with introspection and a
// token endpoint, and an MCP server that verifies what it gets. Each test plants one mistake.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { stringify } from 'yaml';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { ownPort } from '../fixtures/ports.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { type Run, run } from './in-process.js';

export type Raw = Record<string, unknown>;

export const SECRET = 'a-client-secret-of-the-gateway';
export const STATIC = 'a-static-key-of-the-upstream';
const BASIC = `Basic ${Buffer.from(`portcullis:${SECRET}`).toString('base64')}`;
const INITIALIZED = { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 'files', version: '1' } };

export const { json, rpc, status } = answers;
export const html = status(200, [['content-type', 'text/html']], '<!doctype html><title>sign in</title>');
export const initialized = rpc(INITIALIZED);
export const pkce = { code_challenge_methods_supported: ['S256'] };

/** Accepts one value of a header. */
export const accepting =
  (header: string, value: string) =>
  (exchange: Parameters<typeof initialized>[0]): void | Promise<void> =>
    exchange.req.headers[header] === value ? initialized(exchange) : json({ error: 'no' }, 401)(exchange);

export interface CheckScene {
  issuer: JwksIssuer;
  /** Answers introspections and token requests. */
  idp: RawUpstream;
  upstream: RawUpstream;
  /** A good configuration. `main` and `endpoint` are merged over its issuer and its endpoint. */
  config(main?: Raw, endpoint?: Raw, root?: Raw): Promise<Raw>;
  /** Runs `portcullis check` on a configuration. */
  check(config: Raw, ...options: string[]): Promise<Run>;
  /** The path of a file with this text. */
  file(name: string, text: string): string;
  /** The servers are good again. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

export const environment = { CLIENT_SECRET: SECRET, STATIC };

export async function startCheckScene(): Promise<CheckScene> {
  const issuer = await startJwksIssuer();
  const idp = await startRawUpstream(
    (exchange) => json({ active: false }, exchange.req.headers.authorization === BASIC ? 200 : 401)(exchange),
    'issuer',
  );
  const upstream = await startRawUpstream(accepting('x-api-key', STATIC));
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-check-'));
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const self: CheckScene = {
    issuer,
    idp,
    upstream,
    file,
    async config(main = {}, endpoint = {}, root = {}) {
      return {
        publicUrl: 'https://mcp.example.com',
        listen: { port: await ownPort() },
        admin: { port: await ownPort() },
        issuers: {
          main: {
            issuer: issuer.issuer,
            // All servers share the process of the test.
            jwks: { timeoutMs: 20_000 },
            introspection: {
              timeoutMs: 20_000,
              url: `${idp.url}/introspect`,
              clientId: 'portcullis',
              clientSecret: '${env:CLIENT_SECRET}',
            },
            ...main,
          },
        },
        endpoints: [
          {
            path: '/mcp',
            issuers: ['main'],
            upstream: {
              url: `${upstream.url}/mcp`,
              credential: { kind: 'static', header: 'X-Api-Key', value: '${env:STATIC}' },
            },
            ...endpoint,
          },
        ],
        ...root,
      };
    },
    check: (config, ...options) => run(['check', file('portcullis.yaml', stringify(config)), ...options], { env: environment }),
    async reset() {
      await issuer.setMode('ok');
      Object.assign(issuer, { metadata: { ...pkce }, headers: {}, published: undefined });
      idp.reset();
      upstream.reset();
      await Promise.all([idp.start(), upstream.start()]);
    },
    async stop() {
      await Promise.all([issuer.stop(), idp.stop(), upstream.stop()]);
      rmSync(folder, { recursive: true });
    },
  };
  return self;
}

/** The line of a finding, with its fix. */
export function findingOf({ output }: Run, name: string): string {
  const lines = output.split('\n');
  const at = lines.findIndex((line) => line.includes(`: ${name}: `) && !line.startsWith('ok'));
  return at < 0 ? `no ${name} in\n${output}` : lines.slice(at, at + 2).join('\n');
}

export const upstreamAt = ({ upstream }: CheckScene, path: string, credential?: Raw): Raw => ({
  upstream: { url: `${upstream.url}${path}`, ...(credential === undefined ? {} : { credential }) },
});

/** The upstream gets a token of the server that introspects. */
export const exchangeAt = (scene: CheckScene): Raw =>
  upstreamAt(scene, '/mcp', {
    kind: 'exchange',
    audience: 'files',
    tokenUrl: `${scene.idp.url}/token`,
    clientId: 'portcullis',
    clientSecret: '${env:CLIENT_SECRET}',
  });

/** `name`: of the check that finds it. `plant` returns the configuration. */
export type Mistake = [title: string, name: string, plant: () => Promise<Raw> | Raw, observed: RegExp, fix: RegExp];

export async function expectNamed(scene: CheckScene, [, name, plant, observed, fix]: Mistake): Promise<void> {
  const run = await scene.check(await plant());
  const finding = findingOf(run, name);
  expect(finding).toMatch(observed);
  expect(finding).toMatch(fix);
  expect(run.code).toBe(finding.startsWith('FAIL') ? 1 : 0);
  for (const hidden of [SECRET, STATIC]) expect(run.output + run.errors).not.toContain(hidden);
}
