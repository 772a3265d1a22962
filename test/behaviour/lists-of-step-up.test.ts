// Lists show a caller also the entries that scopes would open, so that the client can request
// these scopes. Entries that no published scope opens stay hidden.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Ask, modern } from '../fixtures/messages.js';
import { answers } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';

const NAMES = ['open', 'read', 'deep', 'internal', 'both', 'admin', 'admin_read', 'drop', 'other'];
const rules = [
  { tool: 'open' },
  { tool: 'read', scopes: ['read'] },
  { tool: 'deep', scopes: ['deep'] },
  { tool: 'internal', scopes: ['internal'] },
  { tool: 'both', scopes: ['read', 'internal'] },
  { tool: 'admin', claim: 'roles', has: 'admin' },
  { tool: 'admin_read', claim: 'roles', has: 'admin', scopes: ['read'] },
  { tool: 'drop', deny: true },
];
/** `deep` is published because `all` includes it. `internal` is not published. */
const endpoint = {
  scopes: ['base'],
  scopesSupported: ['base', 'read', 'all', 'offline_access'],
  scopeImplies: { all: ['deep'] },
  passThrough: [{ scheme: 'Token', upstreamVerifies: true, scopes: ['base'] }],
};
const tools = { default: 'deny', rules };

let scene: Scene;
beforeAll(async () => {
  const prompts = {
    default: 'deny',
    rules: [
      { prompt: 'read', scopes: ['read'] },
      { prompt: 'internal', scopes: ['internal'] },
    ],
  };
  const resources = {
    default: 'allow',
    rules: [
      { resource: 'file:///read/*', scopes: ['read'] },
      { resource: 'file:///internal/*', scopes: ['internal'] },
    ],
  };
  scene = await startScene({
    endpoint: { ...endpoint, tools, prompts, resources },
    more: [
      { path: '/written/mcp', ...endpoint, tools: { ...tools, filterLists: 'denied-only' } },
      { path: '/strict/mcp', ...endpoint, tools: { ...tools, filterLists: true } },
      { path: '/every/mcp', ...endpoint, tools: { ...tools, filterLists: false } },
    ],
  });
});
afterAll(() => scene.stop());
beforeEach(() => scene.upstream.reset());

const as = (path: string, claims: Record<string, unknown>): Ask => ({
  path,
  token: scene.token({ audience: scene.gateway.url + path, claims }),
});

/** The names in a list of the upstream that the gateway shows to the caller. */
async function shown(caller: Ask, member = 'tools', key = 'name', names = NAMES): Promise<unknown[]> {
  const entries = names.map((name) => ({ name, [key]: name }));
  scene.upstream.answer(answers.json({ jsonrpc: '2.0', id: 1, result: { [member]: entries } }));
  const method = member === 'resourceTemplates' ? 'resources/templates/list' : `${member}/list`;
  const response = await scene.send(modern(method, caller));
  const { result } = JSON.parse(response.body) as { result: Record<string, Record<string, unknown>[]> };
  return (result[member] ?? []).map((entry) => entry[key]);
}

const BASE = { scope: 'base' };
const ALL = ['open', 'read', 'deep'];

describe('tools/list (A-37)', () => {
  test.each<[string, string, Record<string, unknown>, string[]]>([
    ['the default shows what published scopes open', '/mcp', BASE, ALL],
    ['denied-only is the default', '/written/mcp', BASE, ALL],
    [
      'a scope that is not published shows its tools where the token has it',
      '/mcp',
      { scope: 'base internal' },
      [...ALL, 'internal', 'both'],
    ],
    ['a claim shows its tools', '/mcp', { ...BASE, roles: ['admin'] }, [...ALL, 'admin', 'admin_read']],
    ['true shows what the caller may call', '/strict/mcp', BASE, ['open']],
    ['true, and a scope', '/strict/mcp', { scope: 'read base' }, ['open', 'read']],
    ['true, and a scope that includes others', '/strict/mcp', { scope: 'all base' }, ['open', 'deep']],
    ['false shows every tool', '/every/mcp', BASE, NAMES],
  ])('%s', async (_what, path, claims, expected) => {
    expect(await shown(as(path, claims))).toEqual(expected);
  });

  test('a pass-through caller cannot request scopes, and sees only what it may call', async () => {
    for (const path of ['/mcp', '/strict/mcp'])
      expect(await shown({ path, headers: [['Authorization', 'Token abc']] })).toEqual(['open']);
  });
});

test('prompts, resources and their templates', async () => {
  const caller = as('/mcp', BASE);
  expect(await shown(caller, 'prompts')).toEqual(['read']);
  const uris = ['file:///open/a', 'file:///read/b', 'file:///internal/c'];
  expect(await shown(caller, 'resources', 'uri', uris)).toEqual(uris.slice(0, 2));
  expect(await shown(caller, 'resourceTemplates', 'uriTemplate', uris)).toEqual(uris.slice(0, 2));
});

describe('each listed tool passes at once, or with the scopes of its challenge (A-30, A-34)', () => {
  test.each([BASE, { scope: 'base internal' }, { ...BASE, roles: 'admin' }, { scope: 'base read' }])('%j', async (claims) => {
    const listed = await shown(as('/mcp', claims));
    scene.upstream.reset();
    const call = (name: string, now: Record<string, unknown>) =>
      scene.send(modern('tools/call', { ...as('/mcp', now), params: { name, arguments: {} } }));
    for (const name of NAMES) {
      const first = await call(name, claims);
      const scopes = /error="insufficient_scope".* scope="([^"]*)"/.exec(first.header('www-authenticate') ?? '')?.[1];
      const missing = scopes?.split(' ').filter((scope) => !claims.scope.split(' ').includes(scope));
      const isOpen = first.status === 200 || (missing !== undefined && !missing.includes('internal'));
      expect([name, listed.includes(name)]).toEqual([name, isOpen]);
      if (scopes !== undefined) expect([name, (await call(name, { ...claims, scope: scopes })).status]).toEqual([name, 200]);
    }
  });
});
