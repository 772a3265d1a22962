// Which limits a call meets, in which order, and with which counts: tables over the limiter, with
// counts in memory.
import { describe, expect, test } from 'vitest';
import { createMemoryCounter } from '../../../src/authorize/limits/counter.js';
import { createLimiter } from '../../../src/authorize/limits/limiter.js';
import { memoryLimiter } from '../../../src/authorize/limits/process-limiters.js';
import type { EndpointLimits, Rate } from '../../../src/core/limits.js';
import type { Call, Message } from '../../../src/core/message.js';
import type { Caller } from '../../../src/core/principal.js';
import { systemClock } from '../../../src/launch/clock.js';
import { passThroughCaller, principal } from '../../support/endpoint.js';

const rate = (burst: number): Rate => ({ ratePerMinute: burst, burst, windowSeconds: 60 });
const NONE: EndpointLimits = { perPrincipal: null, perClient: null, perEndpoint: null, perTool: new Map() };

const call = (method: string | null = 'tools/list', name: string | null = null, idText: string | undefined = '1'): Call => ({
  method,
  name,
  idText,
});
const tool = (name: string): Call => call('tools/call', name);
const notification = (method: string): Call => ({ method, name: null, idText: undefined });
const message = (...calls: Call[]): Message => ({ era: 'legacy', calls, body: null });

const counter = createMemoryCounter(memoryLimiter(), systemClock);
const rejected: string[] = [];
let scopes = 0;

/** A limiter whose counts no other one has. */
function limiter(limits: Partial<EndpointLimits>, scope = { deployment: `https://${scopes++}.example`, endpoint: '/mcp' }) {
  const made = createLimiter({ ...NONE, ...limits }, scope, counter, (kind) => void rejected.push(kind));
  return async (caller: Caller, ...calls: Call[]): Promise<string> => {
    const failure = await made.take(caller, message(...calls), []);
    return failure === null ? 'ok' : `${failure.definition.reason} ${failure.detail}`;
  };
}
const limited = (kind: string, burst: number): string => `rate.limited ${kind}: ${burst} in 60 s`;

describe('D-20: a limit of one call does not count', () => {
  test.each([
    ['initialize', call('initialize')],
    ['server/discover', call('server/discover')],
    ['ping', call('ping')],
    ['a notification', notification('notifications/initialized')],
    ['a response of the client', call(null)],
  ])('%s', async (_name, exempt) => {
    const take = limiter({ perPrincipal: rate(1) });
    const alice = principal();
    for (let i = 0; i < 3; i++) expect(await take(alice, exempt)).toBe('ok');
    expect(await take(alice, call())).toBe('ok');
    expect(await take(alice, call())).toBe(limited('principal', 1));
    expect(await take(alice, exempt)).toBe('ok');
  });

  test('GET and DELETE', async () => {
    const take = limiter({ perPrincipal: rate(1) });
    for (let i = 0; i < 3; i++) expect(await take(principal())).toBe('ok');
  });
});

describe('it counts', () => {
  test.each([
    ['a call without an id', { ...tool('a'), idText: undefined }],
    ['a request with the name of a notification', call('notifications/initialized')],
    ['a method that the gateway does not know', call('skills/run')],
  ])('%s', async (_name, counted) => {
    const take = limiter({ perPrincipal: rate(1) });
    expect([await take(principal(), counted), await take(principal(), counted)]).toEqual(['ok', limited('principal', 1)]);
  });
});

describe('who shares a count', () => {
  const alice = principal();
  const table: [string, Partial<EndpointLimits>, Caller, Caller, boolean][] = [
    ['two tokens of one principal', { perPrincipal: rate(1) }, alice, principal({ expiresAt: 5 }), true],
    ['two principals', { perPrincipal: rate(1) }, alice, principal({ subject: 'bob' }), false],
    ['the same subject of two tenants', { perPrincipal: rate(1) }, alice, principal({ tenant: 'b' }), false],
    ['the same subject of two issuers', { perPrincipal: rate(1) }, alice, principal({ issuer: 'https://b.example' }), false],
    ['a user and a client of one name', { perPrincipal: rate(1) }, alice, principal({ kind: 'client' }), false],
    ['two users of one client', { perClient: rate(1) }, alice, principal({ subject: 'bob' }), true],
    ['one client name of two issuers', { perClient: rate(1) }, alice, principal({ issuer: 'https://b.example' }), false],
    [
      'two callers without a client',
      { perClient: rate(1) },
      principal({ client: null }),
      principal({ client: null, subject: 'bob' }),
      false,
    ],
    ['one caller without a client', { perClient: rate(1) }, principal({ client: null }), principal({ client: null }), true],
    ['all callers of an endpoint', { perEndpoint: rate(1) }, alice, passThroughCaller(), true],
    ['one pass-through credential', { perPrincipal: rate(1) }, passThroughCaller(), passThroughCaller(), true],
    ['two pass-through credentials', { perPrincipal: rate(1) }, passThroughCaller(), passThroughCaller('another-key'), false],
    ['a tool: one principal', { perTool: new Map([['a*', rate(1)]]) }, alice, principal(), true],
    ['a tool: two users of one client', { perTool: new Map([['a*', rate(1)]]) }, alice, principal({ subject: 'bob' }), false],
  ];
  test.each(table)('%s', async (_name, limits, first, second, isShared) => {
    const take = limiter(limits);
    expect(await take(first, tool('abc'))).toBe('ok');
    expect((await take(second, tool('abc'))) === 'ok').toBe(!isShared);
  });

  test.each([
    ['the same deployment and endpoint: a reload or a replica', {}, true],
    ['another deployment', { deployment: 'https://other.example' }, false],
    ['another endpoint', { endpoint: 'other.example/mcp' }, false],
  ])('two limiters of %s', async (_name, other, isShared) => {
    const scope = { deployment: `https://${scopes++}.example`, endpoint: '/mcp' };
    const limits = { perEndpoint: rate(1), perPrincipal: rate(1) };
    expect(await limiter(limits, scope)(alice, call())).toBe('ok');
    expect((await limiter(limits, { ...scope, ...other })(alice, call())) === 'ok').toBe(!isShared);
    // A changed rate begins again.
    expect(await limiter({ perPrincipal: rate(2) }, scope)(alice, call())).toBe('ok');
  });
});

describe('tools', () => {
  const perTool = new Map([
    ['export_*', rate(2)],
    ['*_all', rate(1)],
  ]);
  const spellings: [string, string, boolean][] = [
    ['a name that matches', 'export_one', true],
    ['another case', 'EXPORT_ONE', true],
    ['an invisible character', 'export\u200b_one', true],
    ['another name', 'list_one', false],
    ['a name that readers interpret differently', `x${'\u0301'.repeat(40)}`, true],
  ];
  test.each(spellings)('%s', async (_name, name, isLimited) => {
    const take = limiter({ perTool });
    const found: string[] = [];
    for (let i = 0; i < 3; i++) found.push(await take(principal(), tool(name)));
    expect(found.at(-1) === 'ok').toBe(!isLimited);
  });

  test('each pattern that matches counts; only calls of tools do', async () => {
    const take = limiter({ perTool });
    expect(await take(principal(), tool('export_all'))).toBe('ok');
    expect(await take(principal(), tool('export_all'))).toBe(limited('tool', 1));
    expect(await take(principal(), call('prompts/get', 'export_all'))).toBe('ok');
    // The rejected call did not count for the first pattern.
    expect(await take(principal(), tool('export_one'))).toBe('ok');
    expect(await take(principal(), tool('export_one'))).toBe(limited('tool', 2));
  });
});

test('a batch counts each call, of each pattern too, and a rejected one counts for nothing', async () => {
  const take = limiter({ perPrincipal: rate(5), perTool: new Map([['a', rate(2)]]) });
  const alice = principal();
  expect(await take(alice, tool('a'), tool('a'), tool('a'))).toBe(limited('tool', 2));
  expect(await take(alice, ...Array.from({ length: 6 }, () => call()))).toBe(limited('principal', 5));
  expect(await take(alice, tool('a'), tool('a'), call(), call('ping'), call(), call())).toBe('ok');
  expect(await take(alice, call())).toBe(limited('principal', 5));
});

test('the narrow limits come first, and the wide ones do not count what they reject', async () => {
  const take = limiter({ perTool: new Map([['a', rate(1)]]), perPrincipal: rate(3), perClient: rate(4), perEndpoint: rate(5) });
  const [alice, bob, carol] = [principal(), principal({ subject: 'bob' }), principal({ subject: 'carol', client: 'web' })];
  expect(await take(alice, tool('a'))).toBe('ok');
  for (let i = 0; i < 9; i++) expect(await take(alice, tool('a'))).toBe(limited('tool', 1));
  expect([await take(alice, call()), await take(alice, call()), await take(alice, call())]).toEqual([
    'ok',
    'ok',
    limited('principal', 3),
  ]);
  expect([await take(bob, call()), await take(bob, call())]).toEqual(['ok', limited('client', 4)]);
  expect([await take(carol, call()), await take(carol, call())]).toEqual(['ok', limited('endpoint', 5)]);
  expect(new Set(rejected)).toEqual(new Set(['tool', 'principal', 'client', 'endpoint']));
});
