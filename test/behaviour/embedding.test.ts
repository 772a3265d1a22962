// A gateway inside a program: createGateway with a real issuer and a real upstream.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ConfigError, createGateway, type GatewayConfig, type GatewayOptions, type RunningGateway } from '../../src/index.js';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { modern } from '../fixtures/messages.js';
import { listen } from '../fixtures/ports.js';
import { type RawResponse, rawRequest } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { until } from '../fixtures/wait.js';

const PUBLIC = 'https://mcp.example.com';
const folder = mkdtempSync(join(tmpdir(), 'portcullis-embedding-'));
const running: RunningGateway[] = [];
let issuer: JwksIssuer;
let upstream: RawUpstream;

beforeAll(async () => {
  issuer = await startJwksIssuer();
  upstream = await startRawUpstream(answers.rpc());
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.close({ drainSeconds: 0 })));
  upstream.reset();
});
afterAll(async () => {
  await Promise.all([issuer.stop(), upstream.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

const config = (more: Partial<GatewayConfig> = {}): GatewayConfig => ({
  publicUrl: PUBLIC,
  listen: { port: 0 },
  admin: { port: 0 },
  issuers: { main: { issuer: issuer.issuer } },
  endpoints: [{ path: '/mcp', issuers: ['main'], upstream: `${upstream.url}/up` }],
  ...more,
});

async function start(options: GatewayOptions = {}): Promise<RunningGateway> {
  const gateway = await createGateway({ config: config(), log: false, ...options });
  running.push(gateway);
  return gateway;
}

const token = (): string => issuer.token({ audience: `${PUBLIC}/mcp` });
const portOf = ({ url }: RunningGateway): number => Number(new URL(url).port);
const call = (gateway: RunningGateway, path = '/mcp', bearer: string | null = token()): Promise<RawResponse> =>
  rawRequest(portOf(gateway), modern('tools/list', { path, ...(bearer === null ? {} : { token: bearer }) }));

test('a call passes, and a call without a token gets the challenge', async () => {
  const gateway = await start();
  expect((await call(gateway)).status).toBe(200);
  const rejected = await call(gateway, '/mcp', null);
  expect(rejected.status).toBe(401);
  expect(rejected.header('www-authenticate')).toBe(
    `Bearer resource_metadata="${PUBLIC}/.well-known/oauth-protected-resource/mcp"`,
  );
});

test('ready() resolves once /readyz answers 200, and rejects after the end', async () => {
  const gateway = await start();
  await gateway.ready();
  expect((await fetch(`${gateway.adminUrl}/readyz`)).status).toBe(200);
  await gateway.close({ drainSeconds: 0 });
  await expect(gateway.ready()).rejects.toThrow('the gateway is closed');
});

describe('the log', () => {
  test('a function gets each line as JSON', async () => {
    const lines: string[] = [];
    const gateway = await start({ log: (line) => void lines.push(line) });
    expect((await call(gateway)).status).toBe(200);
    const events = await until('the line of the call', () => {
      const all = lines.map((line) => (JSON.parse(line) as { event: string }).event);
      return all.includes('forwarded') ? all : undefined;
    });
    expect(events).toContain('gateway.listening');
    await gateway.close({ drainSeconds: 0 });
    expect(lines.at(-1)).toContain('gateway.stopped');
    expect(lines.join('')).not.toContain('\n');
  });
});

describe('reload()', () => {
  test('takes another configuration', async () => {
    const gateway = await start();
    expect((await call(gateway)).status).toBe(200);
    const [endpoint] = config().endpoints;
    if (endpoint === undefined) throw new Error('no endpoint');
    await gateway.reload(config({ endpoints: [{ ...endpoint, path: '/moved', audience: [`${PUBLIC}/mcp`] }] }));
    expect((await call(gateway)).status).toBe(404);
    expect((await call(gateway, '/moved')).status).toBe(200);
    await gateway.reload();
    expect((await call(gateway, '/moved')).status).toBe(200);
  });

  test('rejects a bad one with its problems, and the gateway goes on', async () => {
    const gateway = await start();
    const error = await gateway.reload(config({ endpoints: [] })).catch((one: unknown) => one);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).problems.map(({ path }) => path)).toEqual([['endpoints']]);
    await expect(gateway.reload(config({ listen: { port: 1 } }))).rejects.toThrow('restart to change it');
    expect((await call(gateway)).status).toBe(200);
    await gateway.reload();
  });

  test('reads a file again, and takes no configuration beside it', async () => {
    const file = join(folder, 'portcullis.yaml');
    writeFileSync(file, JSON.stringify(config()));
    const gateway = await start({ config: undefined, file });
    expect((await call(gateway)).status).toBe(200);
    const { endpoints } = config();
    writeFileSync(file, JSON.stringify(config({ endpoints: endpoints.map((one) => ({ ...one, path: '/file' })) })));
    await gateway.reload();
    expect((await call(gateway)).status).toBe(404);
    await expect(gateway.reload(config())).rejects.toThrow(TypeError);
    writeFileSync(file, 'publicUrl: [');
    await expect(gateway.reload()).rejects.toThrow(ConfigError);
    rmSync(file);
    await expect(gateway.reload()).rejects.toThrow('does not exist; correct the path in the option file');
  });
});

describe('close()', () => {
  test('lets a running call finish, and frees the port', async () => {
    const gateway = await start();
    let finish = (): void => {};
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    upstream.next(async (exchange) => {
      await held;
      await answers.rpc()(exchange);
    });
    const answer = call(gateway);
    await upstream.waitFor(1);
    const closed = gateway.close();
    expect(gateway.close()).toBe(closed);
    await expect(gateway.ready()).rejects.toThrow('closed');
    finish();
    expect((await answer).status).toBe(200);
    expect(await closed).toBe(0);
    await expect(rawRequest(portOf(gateway), {})).rejects.toThrow('ECONNREFUSED');
    await expect(gateway.reload()).rejects.toThrow('the gateway is stopping');
  });

  test('cuts a call that takes longer', async () => {
    const gateway = await start();
    upstream.next(() => new Promise(() => {}));
    const answer = call(gateway).catch(() => null);
    await upstream.waitFor(1);
    expect(await gateway.close({ drainSeconds: 0 })).toBe(1);
    await answer;
  });

  test.each([-1, Number.NaN, 86_401, '5' as never])('rejects drainSeconds: %s', async (drainSeconds) => {
    await expect((await start()).close({ drainSeconds })).rejects.toThrow(RangeError);
  });
});

test('two gateways in one process have nothing in common', async () => {
  const [some, other] = await Promise.all([start(), start({ config: config({ logLevel: 'error' }) })]);
  expect((await call(some)).status).toBe(200);
  await some.close({ drainSeconds: 0 });
  expect((await call(other)).status).toBe(200);
  const metrics = await (await fetch(`${other.adminUrl}/metrics`)).text();
  expect(metrics).toMatch(/portcullis_http_requests_total\{[^}]*\} 1\n/);
});

test('the object of the program stays as it is', async () => {
  const own = config({ trustedProxies: ['10.0.0.0/8'] });
  const before = structuredClone(own);
  await start({ config: own });
  expect(own).toEqual(before);
  expect([own, own.listen, own.trustedProxies, own.endpoints[0]].some(Object.isFrozen)).toBe(false);
});

describe('rejects', () => {
  test('a bad configuration, with every problem', async () => {
    const bad = { ...config(), isuers: {}, logLevel: 'loud' } as unknown as GatewayConfig;
    const error = await createGateway({ config: bad }).catch((one: unknown) => one);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).message).toBe(
      '2 problems in the configuration\n' +
        '  logLevel: write debug, info, warn or error\n' +
        '  isuers: unknown field; did you mean issuers?',
    );
  });

  test('a missing secret, and takes it from env', async () => {
    const sessionKeys = ['${env:EMBEDDED_KEY}'];
    await expect(start({ config: config({ sessionKeys }), env: {} })).rejects.toThrow('EMBEDDED_KEY is not set');
    const key = Buffer.from('a session key of 32 random bytes').toString('base64');
    await start({ config: config({ sessionKeys }), env: { EMBEDDED_KEY: key } });
  });

  test('a port in use', async () => {
    const taken = createServer();
    const port = await listen(taken);
    try {
      const error = await createGateway({ config: config({ listen: { port } }), log: false }).catch((one: unknown) => one);
      expect(error).toMatchObject({ code: 'EADDRINUSE', message: expect.stringContaining(`127.0.0.1:${port} is in use`) });
    } finally {
      taken.close();
    }
  });

  test.each<[GatewayOptions, string]>([
    [{ conf: {} } as never, 'unknown option conf; the options are config, file, env, log'],
    [{ config: {} as never, file: 'a.yaml' }, 'either config or file'],
    [{ file: '' }, 'write the path of the file'],
    [{ file: 7 as never }, 'write the path of the file'],
    [{ env: 'A=1' as never }, 'write a map of variables'],
    [{ log: 'stderr' as never }, 'write stdout, false or a function'],
    [{ env: {} }, 'write config or file, or set PORTCULLIS_CONFIG'],
    ['portcullis.yaml' as never, 'write a map of options'],
    [Promise.resolve({ file: 'a.yaml' }) as never, 'write a map of options'],
    [new URL('file:///a.yaml') as never, 'write a map of options'],
  ])('the options %j', async (options, message) => {
    const error = await createGateway(options).catch((one: unknown) => one);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toContain(message);
  });
});

test('PORTCULLIS_CONFIG names the file, but not beside config', async () => {
  const file = join(folder, 'named.yaml');
  writeFileSync(file, JSON.stringify(config()));
  const env = { PORTCULLIS_CONFIG: file };
  expect((await call(await start({ config: undefined, env }))).status).toBe(200);
  const both = { ...env, PORTCULLIS_UPSTREAM: `${upstream.url}/up` };
  await expect(start({ config: undefined, env: both })).rejects.toThrow('PORTCULLIS_UPSTREAM: is set, and so is');
  expect((await call(await start({ env: { PORTCULLIS_CONFIG: '/missing' } }))).status).toBe(200);
});

test('variables alone describe one server', async () => {
  const env = {
    PORTCULLIS_UPSTREAM: `${upstream.url}/up`,
    PORTCULLIS_PUBLIC_URL: `${PUBLIC}/mcp`,
    PORTCULLIS_ISSUER: issuer.issuer,
    PORTCULLIS_LISTEN: '127.0.0.1:0',
    PORTCULLIS_ADMIN: '127.0.0.1:0',
  };
  expect((await call(await start({ config: undefined, env }))).status).toBe(200);
  await expect(start({ config: undefined, env: { ...env, PORTCULLIS_ISSUR: 'x' } })).rejects.toThrow('PORTCULLIS_ISSUER?');
});
