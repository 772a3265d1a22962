// The headers of a message agree with its body, and name a version that the gateway supports.
import { describe, expect, test } from 'vitest';
import { type Ask, legacy, META, modern } from '../fixtures/messages.js';
import type { RawRequest } from '../fixtures/raw-client.js';
import {
  type Case,
  call,
  EITHER,
  expectReasons,
  list,
  type Make,
  meta,
  old,
  refused,
  scene,
  startMessageScene,
  VERSION_KEY,
  version,
} from '../support/message-scene.js';

startMessageScene();

describe('B-52, B-50, B-51, B-53, B-30, B-31, D-04: headers that differ from the body get 400 -32020', () => {
  test.each<Case>([
    ['another Mcp-Method', () => call({ headers: [['Mcp-Method', 'tools/list']] })],
    ['Mcp-Method in another case', () => call({ headers: [['Mcp-Method', 'TOOLS/CALL']] })],
    ['no Mcp-Method', () => call({ headers: [['Mcp-Method', null]] })],
    ['another Mcp-Name', () => call({ headers: [['Mcp-Name', 'read']] })],
    ['Mcp-Name in another case', () => call({ headers: [['Mcp-Name', 'Delete']] })],
    ['no Mcp-Name', () => call({ headers: [['Mcp-Name', null]] })],
    ['an encoded Mcp-Name of another tool', () => call({ headers: [['Mcp-Name', '=?base64?cmVhZA==?=']] })],
    ['an encoded Mcp-Name that is not base64', () => call({ headers: [['Mcp-Name', '=?base64?!!?=']] })],
    ['a marker in the wrong case', () => call({ headers: [['Mcp-Name', '=?BASE64?ZGVsZXRl?=']] })],
    ['an encoded Mcp-Name without its padding', () => call({ headers: [['Mcp-Name', '=?base64?ZGVsZXR?=']] })],
    ['an encoded Mcp-Name without an end', () => call({ headers: [['Mcp-Name', '=?base64?ZGVsZXRl']] })],
    [
      'an encoded Mcp-Name that is not UTF-8',
      () => call({ params: { name: '\ufffd' }, headers: [['Mcp-Name', '=?base64?/w==?=']] }),
    ],
    ['B-53: an encoded Mcp-Method', () => call({ headers: [['Mcp-Method', '=?base64?dG9vbHMvY2FsbA==?=']] })],
    ['B-53: an encoded version', () => list({ headers: [version('=?base64?MjAyNi0wNy0yOA==?=')] })],
    ['B-63: a tab', () => call({ params: { name: 'a\tb' }, headers: [['Mcp-Name', 'a\tb']] })],
    ['B-61: a notification with a wrong name', () => call({ id: null, headers: [['Mcp-Name', 'read']] }), undefined],
    ['B-63: bytes outside ASCII', () => call({ params: { name: 'é' }, headers: [['Mcp-Name', '\xe9']] })],
    ['no version header', () => list({ headers: [version(null)] })],
    ['a legacy version header', () => list({ headers: [version('2025-11-25')] })],
    ['a modern header and another version in the body', () => list({ body: meta({ [VERSION_KEY]: '2025-11-25' }) })],
  ])('%s', async (_name, make, ...id) => void (await refused(make, -32020, id.length === 0 ? 'id-1' : id[0])));

  test.each<[method: string, member: string]>([
    ['prompts/get', 'name'],
    ['resources/read', 'uri'],
    ['tasks/get', 'taskId'],
    ['tasks/update', 'taskId'],
    ['tasks/cancel', 'taskId'],
  ])('B-51: %s mirrors params.%s', async (method, member) => {
    const asked = (name: string | null): RawRequest =>
      modern(method, { id: 'id-1', params: { [member]: 'a' }, token: scene.token(), headers: [['Mcp-Name', name]] });
    expect((await scene.send(asked('a'))).status).toBe(200);
    scene.upstream.reset();
    for (const name of ['b', null]) await refused(() => asked(name), -32020, 'id-1');
  });

  test.each<Case>([
    ['the plain name', () => call()],
    ['B-53: a literal that looks encoded', () => call({ params: { name: '=?BASE64?ZGVsZXRl?=' } })],
    [
      'B-53: a name that looks encoded, encoded',
      () => call({ params: { name: '=?base64?' }, headers: [['Mcp-Name', '=?base64?PT9iYXNlNjQ/?=']] }),
    ],
    ['B-54: a tab before and after', () => call({ headers: [['MCP-name', '\tdelete \t']] })],
    ['an encoded name', () => call({ headers: [['Mcp-Name', '=?base64?ZGVsZXRl?=']] })],
    ['an encoded name outside ASCII', () => call({ params: { name: 'é' }, headers: [['Mcp-Name', '=?base64?w6k=?=']] })],
    ['B-54: header names in any case, spaces around values', () => call({ headers: [['mcp-METHOD', '  tools/call  ']] })],
    [
      'B-61: a notification without these headers',
      () => modern('notifications/x', { id: null, token: scene.token(), headers: [['Mcp-Method', null]] }),
    ],
    ['B-61: a notification with a name, without its header', () => call({ id: null, headers: [['Mcp-Name', null]] })],
    ['B-61: a legacy request', () => legacy('tools/call', { params: { name: 'x' }, token: scene.token() })],
  ])('headers that agree pass: %s', async (_name, make) => {
    expect((await scene.send(make())).status).toBe(200);
    expect(scene.upstream.hits).toBe(1);
  });
});

const SUPPORTED = ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'];

describe('B-32, B-33, B-34, D-04: an unsupported version gets 400 -32022 with the supported ones', () => {
  const modernAs =
    (value: string): Make =>
    () =>
      list({ headers: [version(value)], body: meta({ [VERSION_KEY]: value }) });
  test.each(['2099-01-01', '9999', 'zzzz', '2026-07-28 ', '2024-11-05'])('modern: "%s"', async (value) => {
    // HTTP removes the space from the header, but not from the body.
    const mismatch = value !== value.trim();
    const error = await refused(modernAs(value), mismatch ? -32020 : -32022, 'id-1');
    // The versions that a client can request in this form. The gateway supports all of them.
    const { supported = [] } = (error.data ?? {}) as { supported?: string[] };
    if (!mismatch) expect(error.data).toMatchObject({ supported: expect.arrayContaining(['2026-07-28']), requested: value });
    expect(supported.filter((one) => !SUPPORTED.includes(one))).toEqual([]);
  });
  test.each(['banana', '2099-01-01', '2024-10-07', 'zzzz'])('legacy: "%s" on POST, GET and DELETE', async (value) => {
    for (const method of ['POST', 'GET', 'DELETE']) {
      const error = await refused(
        () => old({ method, headers: [version(value)] }),
        -32022,
        method === 'POST' ? 'id-1' : undefined,
      );
      expect(error.data).toMatchObject({ supported: SUPPORTED, requested: value });
    }
  });
  test.each(['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05', null])(
    'B-35: a legacy request with version %s passes unchanged',
    async (value) => {
      for (const method of ['POST', 'GET', 'DELETE']) {
        expect((await scene.send(old({ method, headers: [version(value)] }))).status).toBe(200);
        expect(scene.upstream.last?.header('mcp-protocol-version')).toBe(value ?? undefined);
      }
    },
  );
  test.each(['banana', '2027-01-01', '2026-07-28'])(
    'an initialize passes with version %s: its body negotiates',
    async (value) => {
      const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } };
      const ask: Ask = { token: scene.token(), params, headers: [version(value), ['Mcp-Method', 'tools/call']] };
      expect((await scene.send(legacy('initialize', ask))).status).toBe(200);
      expect(scene.upstream.last?.header('mcp-method')).toBeUndefined();
    },
  );
});

describe('B-36: a modern request without its required fields gets 400 -32602', () => {
  const without = (key: string) => (): RawRequest => list({ body: meta({ [key]: undefined }) });
  test.each<[name: string, make: Make, code?: number]>([
    ['no clientCapabilities', without('io.modelcontextprotocol/clientCapabilities')],
    ['no protocolVersion', without(VERSION_KEY)],
    ['protocolVersion in another spelling', () => list({ body: meta({}).replace('protocolVersion', 'protocolversion') }), -32600],
    [
      'both at the top',
      () => list({ body: `{"jsonrpc":"2.0","id":"id-1","method":"tools/list","_meta":${JSON.stringify(META)}}` }),
    ],
    ['both in arguments', () => list({ body: meta({}).replace('{"_meta"', '{"arguments":{"_meta"').replace(/}$/, '}}') })],
    [
      'clientCapabilities that are not an object',
      () => list({ body: meta({ 'io.modelcontextprotocol/clientCapabilities': true }) }),
    ],
    ['no _meta', () => list({ body: '{"jsonrpc":"2.0","id":"id-1","method":"tools/list","params":{}}' })],
    ['no params', () => list({ body: '{"jsonrpc":"2.0","id":"id-1","method":"tools/list"}' })],
  ])('%s', async (_name, make, code = -32602) => void (await refused(make, code, 'id-1')));

  test('clientInfo may be absent, and decides nothing (B-110)', async () => {
    const info = { 'io.modelcontextprotocol/clientInfo': { name: 'admin', version: '1' } };
    for (const values of [{}, info]) expect((await scene.send(list({ body: meta(values) }))).status).toBe(200);
  });
});

test.each<[string, string, number]>([
  ['Content-Type', 'application/json', -32600],
  ['MCP-Protocol-Version', '2026-07-28', -32020],
  ['Mcp-Method', 'tools/call', -32020],
  ['Mcp-Name', 'delete', -32020],
  ['Mcp-Session-Id', 'abc', -32020],
])('B-58: %s twice is rejected', async (name, value, code) => {
  const twice: Ask = { headers: [1, 2].map(() => [name, value]) };
  await refused(() => call(twice), code, EITHER);
  if (!/method|name/i.test(name))
    await refused(() => old({ headers: [1, 2].map(() => [name, name.startsWith('MCP') ? '2025-11-25' : value]) }), code, EITHER);
});

test('A-66: the log names the reason of each rejection', () => expectReasons(25));
