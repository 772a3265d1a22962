// Rules for tools over the wire: the answer to the caller, that nothing is forwarded, and denials
// as JSON-RPC errors.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Ask, legacy, modern } from '../fixtures/messages.js';
import { answers } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';

const tools = {
  default: 'allow',
  rules: [
    { tool: 'write_*', scopes: ['files:write'] },
    { tool: 'admin_*', claim: 'roles', has: 'admin' },
    { tool: 'drop_table', deny: true },
  ],
};

let scene: Scene;
beforeAll(async () => {
  const policy = { scopes: ['files:read'], scopeImplies: { 'files:*': ['files:read', 'files:write'] }, tools };
  scene = await startScene({
    endpoint: policy,
    more: [
      { path: '/told/mcp', ...policy, denialResponse: 'jsonrpc', scopesSupported: ['files:*'] },
      { path: '/quiet/mcp', ...policy, methods: { clientResponses: 'deny' } },
      { path: '/methods/mcp', scopes: ['files:read'], methods: { allow: ['skills/*'] } },
    ],
  });
});
afterAll(() => scene.stop());
beforeEach(() => scene.upstream.reset());

const call = (name: string, scope: string, ask: Ask = {}) => {
  const { path = '/mcp' } = ask;
  const mint = { claims: { scope }, audience: scene.gateway.url + path };
  return modern('tools/call', { token: scene.token(mint), params: { name, arguments: {} }, ...ask });
};

describe('a call that lacks a scope', () => {
  test('gets every scope that it needs in one challenge, ten times the same (A-30, A-31, A-34)', async () => {
    expect((await scene.send(call('write_x', 'files:read files:write'))).status).toBe(200);
    scene.upstream.reset();
    const lines = new Set<string | undefined>();
    for (const scope of ['', 'files:read', 'files:write', 'other', ...Array<string>(6).fill('files:read')]) {
      const response = await scene.send(call('write_x', scope));
      expect(response.status).toBe(403);
      lines.add(response.header('www-authenticate'));
    }
    expect([...lines]).toEqual([
      `Bearer error="insufficient_scope", error_description="The access token lacks a scope", scope="files:read files:write", resource_metadata="${scene.metadataUrl}"`,
    ]);
    expect(scene.upstream.requests).toEqual([]);
  });

  test('passes with a scope that stands for both (A-32)', async () => {
    expect((await scene.send(call('write_x', 'files:*'))).status).toBe(200);
    expect((await scene.send(call('write_x', 'files:'))).status).toBe(403);
  });
});

describe('a tool that no scope opens', () => {
  test.each(['drop_table', 'admin_x'])('%s gets 403 without a challenge, with the id of the call (A-34, D-12)', async (name) => {
    expect((await scene.send(call('read_x', 'files:*'))).status).toBe(200);
    scene.upstream.reset();
    const response = await scene.send(call(name, 'files:*', { id: 'c-1' }));
    expect([response.status, response.header('www-authenticate')]).toEqual([403, undefined]);
    expect(JSON.parse(response.body)).toMatchObject({ jsonrpc: '2.0', id: 'c-1', error: { code: -31403 } });
    expect(scene.upstream.requests).toEqual([]);
    expect((await scene.logOf(response)).reason).toBe('tool.denied');
  });

  test('denialResponse: jsonrpc answers such calls with a JSON-RPC error, and no others (A-34)', async () => {
    const path = '/told/mcp';
    expect((await scene.send(call('read_x', 'files:*', { path }))).status).toBe(200);
    scene.upstream.reset();
    const response = await scene.send(call('drop_table', 'files:*', { path, id: 7 }));
    expect([response.status, response.header('content-type'), response.header('www-authenticate')]).toEqual([
      200,
      'application/json',
      undefined,
    ]);
    expect(JSON.parse(response.body)).toMatchObject({
      jsonrpc: '2.0',
      id: 7,
      error: { code: -31403, message: 'You may not use this tool' },
    });
    expect((await scene.logOf(response)).reason).toBe('tool.denied');
    // Not a missing scope, which a client can request, and not a notification (B-24). Methods have
    // rules, too.
    expect((await scene.send(call('write_x', 'files:read', { path }))).status).toBe(403);
    expect((await scene.send(call('drop_table', 'files:*', { path, id: null }))).status).toBe(403);
    const token = scene.token({ claims: { scope: 'files:*' }, audience: scene.gateway.url + path });
    expect((await scene.send(modern('skills/get', { path, token }))).status).toBe(200);
    expect((await scene.send(legacy('skills/get', { path, token, id: null }))).status).toBe(403);
    expect(scene.upstream.requests).toEqual([]);
  });
});

test('an unknown method is denied where there is a policy (B-107)', async () => {
  const token = scene.token({ claims: { scope: 'files:read' } });
  expect((await scene.send(modern('tools/list', { token }))).status).toBe(200);
  scene.upstream.reset();
  expect((await scene.send(modern('skills/get', { token }))).status).toBe(403);
  expect(scene.upstream.requests).toEqual([]);
});

describe('a response of a client to a request of the server', () => {
  const answer = (body: string, path: string, scope = 'files:read', headers: Ask['headers'] = []) =>
    legacy('', { path, body, headers, token: scene.token({ claims: { scope }, audience: scene.gateway.url + path }) });

  const RESPONSES = [
    ['ping', '{"jsonrpc":"2.0","id":1,"result":{}}'],
    ['roots/list', '{"jsonrpc":"2.0","id":"r-1","result":{"roots":[{"uri":"file:///a"}]}}'],
    ['sampling', '{"jsonrpc":"2.0","id":2,"result":{"role":"assistant","content":{"type":"text","text":"x"},"model":"m"}}'],
    ['elicitation', '{"jsonrpc":"2.0","id":3,"result":{"action":"accept","content":{"a":1}}}'],
    ['a request that the client does not serve', '{"jsonrpc":"2.0","id":4,"error":{"code":-32601,"message":"no"}}'],
  ] as const;
  test.each(RESPONSES)('passes where rules exist, byte for byte: %s (B-20, B-26)', async (_what, body) => {
    scene.upstream.answer(answers.status(202));
    for (const path of ['/mcp', '/told/mcp', '/methods/mcp']) {
      const response = await scene.send(answer(body, path));
      expect([response.status, response.body, scene.upstream.last?.body.toString()]).toEqual([202, '', body]);
    }
  });

  test('also in a batch, beside a call', async () => {
    const [[, response]] = RESPONSES;
    const body = `[${response},{"jsonrpc":"2.0","id":2,"method":"tools/list"}]`;
    const headers: Ask['headers'] = [['MCP-Protocol-Version', '2025-03-26']];
    expect((await scene.send(answer(body, '/mcp', 'files:read', headers))).status).toBe(200);
    expect((await scene.send(answer(body, '/quiet/mcp', 'files:read', headers))).status).toBe(403);
  });

  test.each(RESPONSES)('needs the base scopes, and an operator can deny it: %s', async (_what, body) => {
    scene.upstream.answer(answers.status(202));
    expect((await scene.send(answer(body, '/mcp'))).status).toBe(202);
    scene.upstream.reset();
    const poor = await scene.send(answer(body, '/mcp', 'other'));
    expect([poor.status, poor.header('www-authenticate')]).toEqual([403, expect.stringContaining('insufficient_scope')]);
    const denied = await scene.send(answer(body, '/quiet/mcp'));
    expect([denied.status, denied.header('www-authenticate')]).toEqual([403, undefined]);
    expect((await scene.logOf(denied)).reason).toBe('method.denied');
    expect(scene.upstream.requests).toEqual([]);
  });
});

test('the metadata names the scopes of the rules, or those that the operator wrote (A-10)', async () => {
  const supported = async (path: string) => {
    const response = await scene.send({ method: 'GET', path: `/.well-known/oauth-protected-resource${path}`, headers: [] });
    return (JSON.parse(response.body) as { scopes_supported?: unknown }).scopes_supported;
  };
  expect(await supported('/mcp')).toEqual(['files:read', 'files:write']);
  expect(await supported('/told/mcp')).toEqual(['files:*']);
});
