// Lists show a caller only what this caller may use, with a real MCP server and with the pages of a
// raw upstream. lists-of-step-up.test.ts is about entries that the caller may request.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Ask, legacy, modern } from '../fixtures/messages.js';
import type { RawResponse } from '../fixtures/raw-client.js';
import { answers } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { startV2Upstream, type V2Upstream } from '../fixtures/upstream-v2.js';

const rules = [
  { tool: 'e*', scopes: ['e'] },
  { tool: 'big', claim: 'level', has: 3 },
  { tool: 'slow', deny: true },
  { tool: 'era' },
];
const tools = { default: 'deny', rules };
const resources = { default: 'allow', rules: [{ resource: 'file:///secret/*', deny: true }] };

let scene: Scene;
let v2: V2Upstream;
beforeAll(async () => {
  v2 = await startV2Upstream();
  scene = await startScene({
    endpoint: { tools, resources },
    more: [
      { path: '/real/mcp', upstream: v2.url, tools: { ...tools, filterLists: true } },
      { path: '/open/mcp', tools: { ...tools, filterLists: false } },
    ],
  });
});
afterAll(async () => {
  await scene.stop();
  await v2.stop();
});
beforeEach(() => scene.upstream.reset());

const ask = (path: string, claims: Record<string, unknown> = {}): Ask => ({
  path,
  token: scene.token({ audience: scene.gateway.url + path, claims: { scope: 'files:read', ...claims } }),
});

const messageOf = (response: RawResponse): { result?: Record<string, unknown> } => {
  const data = /^data: (.*)$/m.exec(response.body)?.[1];
  return JSON.parse(data ?? response.body);
};
const entriesOf = (response: RawResponse, member: string): Record<string, unknown>[] => {
  const { result = {} } = messageOf(response);
  return result[member] as Record<string, unknown>[];
};
const namesOf = (response: RawResponse, member = 'tools', key = 'name'): unknown[] =>
  entriesOf(response, member).map((entry) => entry[key]);

describe('a real server: listed tools can be called, and other tools cannot (A-37)', () => {
  test.each([
    ['only the base scopes', {}, []],
    ['a scope', { scope: 'files:read e' }, ['echo', 'era']],
    ['a claim', { level: [1, 3] }, ['big']],
    ['both', { scope: 'e files:read', level: 3 }, ['echo', 'big', 'era']],
  ])('%s', async (_what, claims, shown) => {
    const caller = ask('/real/mcp', claims);
    const listed = await scene.send(modern('tools/list', caller));
    expect(namesOf(listed)).toEqual(shown);
    expect(messageOf(listed).result).toMatchObject({ cacheScope: 'private' });
    const legacyAsk = { ...caller, headers: [['MCP-Protocol-Version', '2025-06-18']] as [string, string][] };
    expect(namesOf(await scene.send(legacy('tools/list', legacyAsk)))).toEqual(shown);
    for (const name of ['echo', 'big', 'slow', 'era']) {
      const params = { name, arguments: { text: 'x', bytes: 1, steps: 1, delayMs: 1 } };
      const called = await scene.send(modern('tools/call', { ...caller, params }));
      expect([name, called.status]).toEqual([name, shown.includes(name as never) ? 200 : 403]);
    }
  });
});

describe('pages and other lists of a raw upstream', () => {
  const page = (scope?: string) => ({
    jsonrpc: '2.0',
    id: 1,
    result: {
      tools: [
        { name: 'era', inputSchema: { type: 'object', properties: { a: { type: 'string', 'x-mcp-header': 'Region' } } } },
        { name: 'echo' },
        { name: 'slow' },
      ],
      nextCursor: 'c-2',
      ...(scope === undefined ? {} : { cacheScope: scope, ttlMs: 1000 }),
    },
  });

  test('each page is private, and the remaining entries keep their annotations (B-62, B-106)', async () => {
    for (const cursor of [undefined, 'c-2']) {
      scene.upstream.answer(answers.json(page('public')));
      const params = cursor === undefined ? {} : { cursor };
      const response = await scene.send(modern('tools/list', { ...ask('/mcp', { scope: 'files:read e' }), params }));
      const expected = page('private');
      expected.result.tools.pop();
      expect(messageOf(response)).toEqual(expected);
      expect(scene.upstream.last?.header('accept-encoding')).toBe('identity');
    }
  });

  test('resources and their templates', async () => {
    const entry = (uri: string) => ({ uri, uriTemplate: uri, name: uri });
    const all = ['file:///open/a', 'file:///secret/b', 'file:///%73ecret/c', 'file:///x/../secret/d', 'file:///secret/{e}'].map(
      entry,
    );
    scene.upstream.answer(answers.json({ jsonrpc: '2.0', id: 1, result: { resources: all } }));
    const listed = await scene.send(modern('resources/list', ask('/mcp')));
    expect(namesOf(listed, 'resources', 'uri')).toEqual(['file:///open/a']);
    scene.upstream.answer(answers.json({ jsonrpc: '2.0', id: 1, result: { resourceTemplates: all } }));
    const templates = await scene.send(modern('resources/templates/list', ask('/mcp')));
    expect(namesOf(templates, 'resourceTemplates', 'uriTemplate')).toEqual(['file:///open/a']);
    // There are no rules for prompts, so these pass unchanged.
    scene.upstream.answer(answers.json({ jsonrpc: '2.0', id: 1, result: { prompts: [{ name: 'slow' }] } }));
    expect(namesOf(await scene.send(modern('prompts/list', ask('/mcp'))), 'prompts')).toEqual(['slow']);
  });

  test('an unreadable list gets 502, and never passes unfiltered', async () => {
    const twice = '{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"era"}],"tools":[{"name":"slow"}]}}';
    for (const [body, status] of [
      [JSON.stringify(page()), 200],
      [twice, 502],
      ['{"result":', 502],
    ] as const) {
      scene.upstream.answer(answers.status(200, [['Content-Type', 'application/json']], body));
      expect((await scene.send(modern('tools/list', ask('/mcp', { scope: 'files:read e' })))).status).toBe(status);
    }
  });

  test('filterLists: false shows every entry, and allows no more calls', async () => {
    scene.upstream.answer(answers.json(page('public')));
    const caller = ask('/open/mcp');
    const listed = await scene.send(modern('tools/list', caller));
    expect(messageOf(listed)).toEqual(page('public'));
    expect((await scene.send(modern('tools/call', { ...caller, params: { name: 'slow' } }))).status).toBe(403);
  });
});
