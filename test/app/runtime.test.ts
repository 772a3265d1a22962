// A second runtime is built while the first one serves: parts whose configuration is equal stay the
// same, with their keys, caches and connections.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { buildRuntime, type Runtime } from '../../src/app/runtime.js';
import { createSharedParts, type SharedParts } from '../../src/app/shared-parts.js';
import { resolveConfig } from '../../src/config/load.js';
import type { EndpointRuntime } from '../../src/core/endpoint-runtime.js';
import type { Message } from '../../src/core/message.js';
import type { Caller } from '../../src/core/principal.js';
import type { Result } from '../../src/core/result.js';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { mintToken, rsaKey } from '../fixtures/mint.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { until, withDeadline } from '../fixtures/wait.js';
import { testClock } from '../support/clock.js';
import { principal } from '../support/endpoint.js';
import { exchange, pairs, type TestExchange } from '../support/exchange.js';
import { reasonOf } from '../support/kinds.js';

const key = rsaKey({ kid: 'one' });
let issuer: JwksIssuer;
let upstream: RawUpstream;
const shared: SharedParts[] = [];
beforeAll(async () => {
  [issuer, upstream] = await Promise.all([startJwksIssuer({ keys: [key] }), startRawUpstream(answers.rpc())]);
});
afterEach(async () => {
  for (const parts of shared.splice(0)) await Promise.all(parts.pools.all().map((pool) => pool.close()));
});
afterAll(() => Promise.all([issuer.stop(), upstream.stop()]));

const PUBLIC = 'https://mcp.example.com';

function newShared(): SharedParts {
  const parts = createSharedParts({
    clock: testClock(),
    schedule: () => () => {},
    random: () => 1,
    notify: () => {},
    usesProxy: false,
  });
  shared.push(parts);
  return parts;
}

interface Changes {
  readonly issuer?: Record<string, unknown>;
  readonly endpoint?: Record<string, unknown>;
  readonly env?: Record<string, string>;
}

function build(parts: SharedParts, changes: Changes = {}): Runtime {
  const raw = {
    publicUrl: PUBLIC,
    issuers: { main: { issuer: issuer.issuer, ...changes.issuer } },
    endpoints: [{ path: '/mcp', issuers: ['main'], upstream: `${upstream.url}/up`, ...changes.endpoint }],
  };
  return buildRuntime(resolveConfig(raw, changes.env ?? {}), { isReady: () => true }, parts);
}

const at = (runtime: Runtime): EndpointRuntime => runtime.route('mcp.example.com', '/mcp') as EndpointRuntime;
const token = () => mintToken({ issuer: issuer.issuer, audience: `${PUBLIC}/mcp`, key });

async function verify(runtime: Runtime, bearer: string): Promise<string> {
  const { authenticators, config } = at(runtime);
  const caller = authenticators.bearer.authenticate({ kind: 'bearer', token: bearer }, config);
  return reasonOf(await withDeadline('a caller', Promise.resolve<Result<Caller>>(caller), 5_000));
}

/** Forwards a legacy message, and waits for the end of its answer. */
async function forward(runtime: Runtime, session?: string): Promise<TestExchange> {
  const lines = session === undefined ? [] : ([['Mcp-Session-Id', session]] as const);
  const one = exchange({ lines: [['Content-Type', 'application/json'], ...lines] });
  const message: Message = { era: 'legacy', calls: [{ method: 'tools/list', name: null, idText: '1' }], body: Buffer.from('{}') };
  let end: string | undefined;
  at(runtime).transport.forward(one, principal(), message, [], { onResponseEnd: (failure) => (end = reasonOf(failure)) });
  await until('the answer', () => end !== undefined);
  expect(end).toBe('ok');
  return one;
}

describe('with an equal issuer', () => {
  test('keys and verified tokens stay warm', async () => {
    const parts = newShared();
    const first = build(parts);
    issuer.hits.jwks = 0;
    const bearer = token();
    expect([await verify(first, bearer), issuer.hits.jwks]).toEqual(['ok', 1]);
    const second = build(parts, { endpoint: { scopes: ['files:read'] } });
    const again = at(second).authenticators.bearer.authenticate({ kind: 'bearer', token: bearer }, at(second).config);
    // The cache of the first answers at once, under the configuration of the second.
    expect(again).not.toBeInstanceOf(Promise);
    expect([await verify(second, bearer), await verify(second, token()), issuer.hits.jwks]).toEqual(['ok', 'ok', 1]);
    expect(at(second).config.scopes).toEqual(['files:read']);
    expect(at(first).config.scopes).toEqual([]);
  });

  test('two endpoints share one cache', async () => {
    const parts = newShared();
    build(parts);
    build(parts, { endpoint: { path: '/other' } });
    expect(parts.issuers.all()).toHaveLength(1);
  });
});

test('another configuration of the issuer starts cold', async () => {
  const parts = newShared();
  issuer.hits.jwks = 0;
  expect(await verify(build(parts), token())).toBe('ok');
  const second = build(parts, { issuer: { algorithms: ['RS256', 'ES256'] } });
  expect(second.keysTried()).toBe(false);
  expect([await verify(second, token()), issuer.hits.jwks]).toEqual(['ok', 2]);
});

test('a changed secret of an issuer is another issuer', () => {
  const parts = newShared();
  const introspection = { clientId: 'portcullis', clientSecret: '${env:SECRET}' };
  build(parts, { issuer: { introspection }, env: { SECRET: 'one' } });
  build(parts, { issuer: { introspection }, env: { SECRET: 'one' } });
  expect(parts.issuers.all()).toHaveLength(1);
  build(parts, { issuer: { introspection }, env: { SECRET: 'two' } });
  expect(parts.issuers.all()).toHaveLength(2);
});

describe('towards the upstream', () => {
  test('an equal one keeps its connections, another gets its own', async () => {
    const parts = newShared();
    upstream.reset();
    upstream.answer(answers.rpc());
    await forward(build(parts));
    await forward(build(parts, { endpoint: { scopes: ['files:read'] } }));
    expect([parts.pools.all().length, upstream.connections()]).toEqual([1, 1]);
    build(parts, { endpoint: { upstream: { url: `${upstream.url}/up`, maxStreams: 5 } } });
    expect(parts.pools.all()).toHaveLength(2);
  });

  test('a session of the first goes on in the second, also where the key was drawn', async () => {
    const parts = newShared();
    upstream.reset();
    upstream.answer(answers.rpc({}, [['Mcp-Session-Id', 'upstream-1']]));
    const opened = pairs((await forward(build(parts))).began[0]?.headers ?? [])['mcp-session-id'] as string;
    expect(opened).not.toContain('upstream-1');
    await forward(build(parts, { endpoint: { scopes: ['files:read'] } }), opened);
    expect(upstream.last?.header('mcp-session-id')).toBe('upstream-1');
  });
});

describe('100 reloads, each with another issuer and upstream', () => {
  test('keep the parts of the active configuration only, and close the connections of the others', async () => {
    const parts = newShared();
    upstream.reset();
    upstream.answer(answers.rpc());
    for (let i = 0; i < 100; i++) {
      const runtime = build(parts, { issuer: { clockToleranceSeconds: i }, endpoint: { upstream: `${upstream.url}/${i}` } });
      runtime.activate();
      if (i % 20 === 0) await forward(runtime);
    }
    expect([parts.issuers, parts.pools, parts.streamsByEndpoint].map((keep) => keep.all().length)).toEqual([1, 1, 1]);
    await until('the connections of the others are closed', () => upstream.connections() === 0);
  });
});
