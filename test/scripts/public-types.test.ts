// The declarations of the built package, for strict programs: what compiles, and what does not.
import { afterAll, describe, expect, test } from 'vitest';
import { programFolder, root } from '../support/embedding-program.js';

const compilerOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  noEmit: true,
  target: 'ES2022',
  // console, without the types of Node.
  lib: ['ES2022', 'DOM'],
  types: [],
};
const tsconfig = (more: object, files: string[]): string =>
  JSON.stringify({ compilerOptions: { ...compilerOptions, ...more }, files });

const GOOD = `
import { ConfigError, createGateway, type GatewayConfig, type RunningGateway } from 'mcp-portcullis';
import schema from 'mcp-portcullis/config.schema.json' with { type: 'json' };
const config: GatewayConfig = {
  publicUrl: 'https://mcp.example.com',
  listen: { port: 0 },
  apiKeys: { 'partner-a': { sha256: 'a', sunset: '2027-06-30' } },
  issuers: { acme: { preset: 'auth0', issuer: 'https://auth.example.com', algorithms: ['ES256'] } },
  endpoints: [
    { path: '/mcp', issuers: ['acme'], upstream: 'http://127.0.0.1:3000/mcp', denialResponse: 'jsonrpc' },
    { path: '/b', issuers: ['acme'], upstream: { url: 'http://a/', credential: { kind: 'identity', audience: 'b' } } },
  ],
};
const gateway: RunningGateway = await createGateway({ config, log: (line) => console.log(line.length), env: {} });
const cut: number = await gateway.close({ drainSeconds: 1 });
console.log(cut, schema.title, new ConfigError([]).problems.map(({ path, message, line }) => [path, message, line]));
`;

const WRONG = `
import { createGateway, type GatewayConfig } from 'mcp-portcullis';
const issuers = { acme: { issuer: 'https://auth.example.com' } };
const endpoint = { path: '/mcp', issuers: ['acme'], upstream: 'http://127.0.0.1:3000/mcp' };
const good: GatewayConfig = { publicUrl: 'a', issuers, endpoints: [endpoint] };
export const bad: GatewayConfig[] = [
  { ...good, isuers: {} },
  { ...good, listen: { port: '8080' } },
  { ...good, endpoints: [{ ...endpoint, scops: [] }] },
  { ...good, endpoints: [{ ...endpoint, upstream: { url: 'a', credential: { kind: 'identity' } } }] },
  { ...good, logLevel: 'loud' },
  { issuers, endpoints: [endpoint] },
];
createGateway({ conf: good });
createGateway({ config: good, log: 'stderr' });
`;

/** The generated type and that of the schema accept the same values. */
const SAME = `
import type { GatewayConfig } from 'mcp-portcullis';
import type { GatewayConfig as Written } from '${root}src/config/gateway-config.js';
type Frozen<T> = T extends readonly (infer E)[] ? readonly Frozen<E>[] : T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;
export const some = (value: GatewayConfig): Frozen<Written> => value;
export const other = (value: Frozen<Written>): GatewayConfig => value;
`;

const folder = programFolder({
  'good.ts': GOOD,
  'wrong.ts': WRONG,
  'same.ts': SAME,
  'node-next.json': tsconfig({ module: 'NodeNext' }, ['good.ts']),
  'bundler.json': tsconfig({ module: 'ESNext', moduleResolution: 'bundler' }, ['good.ts']),
  'wrong.json': tsconfig({ module: 'NodeNext' }, ['wrong.ts']),
  'same.json': tsconfig({ module: 'NodeNext', skipLibCheck: true, types: ['node'], typeRoots: [`${root}node_modules/@types`] }, [
    'same.ts',
  ]),
});
afterAll(() => folder.remove());

const compile = (project: string) => folder.run([`${root}node_modules/typescript/bin/tsc`, '-p', project]);

describe('the declarations', () => {
  test.each(['node-next.json', 'bundler.json'])('suit %s, with every declaration checked', async (project) => {
    expect(await compile(project)).toEqual({ lines: [], code: 0 });
  });

  test('reject wrong fields and options', async () => {
    const { lines } = await compile('wrong.json');
    const places = lines.flatMap((line) => /^wrong\.ts\((\d+),/.exec(line)?.[1] ?? []).map(Number);
    expect([...new Set(places)]).toEqual([7, 8, 9, 10, 11, 12, 14, 15]);
  });

  test('say the same as the schema', async () => {
    expect(await compile('same.json')).toEqual({ lines: [], code: 0 });
  });
});
