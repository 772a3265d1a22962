// Every server reads the same message: its headers, version, batches, repeated names, and the bytes
// themselves.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Ask, legacy, META, modern } from '../fixtures/messages.js';
import type { RawRequest, RawResponse } from '../fixtures/raw-client.js';
import { answers } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';

let scene: Scene;
const told: { response: RawResponse; reason: string }[] = [];
beforeAll(async () => {
  scene = await startScene();
});
afterAll(() => scene.stop());
beforeEach(async () => {
  scene.upstream.reset();
  await scene.passes();
  scene.upstream.reset();
});

type Make = () => RawRequest;
type Case = [name: string, make: Make, id?: undefined];
const REASONS: Record<number, string> = {
  [-32020]: 'envelope.header_mismatch',
  [-32022]: 'envelope.version',
  [-32602]: 'envelope.meta',
  [-32600]: 'envelope.invalid',
  [-32700]: 'envelope.unreadable',
  [-31415]: 'body.media_type',
};

/**
 * The request may be rejected before the body is read, without an id (D-02), or after it, with the
 * id (D-01).
 */
const EITHER = Symbol('with or without the id');

async function refused(make: Make, code: number, id: unknown, status = 400): Promise<Record<string, unknown>> {
  const response = await scene.send(make());
  const body = JSON.parse(response.body) as { id?: unknown; error: Record<string, unknown> };
  const known = id === EITHER ? [undefined, 'id-1'] : [id];
  expect([response.status, body.error.code, known.includes(body.id)]).toEqual([status, code, true]);
  expect([response.headers('www-authenticate'), response.header('cache-control')]).toEqual([[], 'no-store']);
  expect(scene.upstream.hits).toBe(0);
  told.push({ response, reason: REASONS[code] ?? '' });
  return body.error;
}

const call = (ask: Ask = {}): RawRequest =>
  modern('tools/call', { id: 'id-1', params: { name: 'delete' }, token: scene.token(), ...ask });
const list = (ask: Ask = {}): RawRequest => modern('tools/list', { id: 'id-1', token: scene.token(), ...ask });
const old = (ask: Ask = {}): RawRequest => legacy('tools/list', { id: 'id-1', token: scene.token(), ...ask });
const version = (value: string | null): [string, string | null] => ['MCP-Protocol-Version', value];
const meta = (values: Record<string, unknown>): string =>
  JSON.stringify({ jsonrpc: '2.0', id: 'id-1', method: 'tools/list', params: { _meta: { ...META, ...values } } });
const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';

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

const SUPPORTED = ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26'];

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
  test.each(['banana', '2099-01-01', '2024-11-05', 'zzzz'])('legacy: "%s" on POST, GET and DELETE', async (value) => {
    for (const method of ['POST', 'GET', 'DELETE']) {
      const error = await refused(
        () => old({ method, headers: [version(value)] }),
        -32022,
        method === 'POST' ? 'id-1' : undefined,
      );
      expect(error.data).toMatchObject({ supported: SUPPORTED, requested: value });
    }
  });
  test.each(['2025-11-25', '2025-06-18', '2025-03-26', null])(
    'B-35: a legacy request with version %s passes unchanged',
    async (value) => {
      expect((await scene.send(old({ headers: [version(value)] }))).status).toBe(200);
      expect(scene.upstream.last?.header('mcp-protocol-version')).toBe(value ?? undefined);
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

describe('B-21: a batch passes only in 2025-03-26', () => {
  const one = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
  const batch =
    (body: string, value: string | null): Make =>
    () =>
      old({ body, headers: [version(value)] });
  test('it passes element for element', async () => {
    expect((await scene.send(batch(`[${one},${one}]`, '2025-03-26')())).status).toBe(200);
    expect(scene.upstream.last?.body.toString()).toBe(`[${one},${one}]`);
  });
  test('32 elements, one element, no version header, and a response among them', async () => {
    const bodies = [
      `[${Array.from({ length: 32 }, () => one).join()}]`,
      `[${one}]`,
      `[${one},{"jsonrpc":"2.0","id":9,"result":{}}]`,
    ];
    for (const [i, body] of bodies.entries())
      expect((await scene.send(batch(body, i === 1 ? null : '2025-03-26')())).status).toBe(200);
    expect(scene.upstream.requests.map((request) => request.body.toString())).toEqual(bodies);
  });
  test.each<Case>([
    ['with a repeated name in one element', batch(`[${one},{"jsonrpc":"2.0","id":2,"method":"a","method":"b"}]`, '2025-03-26')],
    ['with an element of another kind', batch(`[${one},7]`, '2025-03-26')],
    ['with a null id', batch(`[{"jsonrpc":"2.0","id":null,"method":"a"},${one}]`, '2025-03-26')],
    ['2025-11-25', batch(`[${one}]`, '2025-11-25')],
    ['2025-06-18', batch(`[${one}]`, '2025-06-18')],
    ['2026-07-28', () => list({ body: `[${one}]` })],
    ['with a modern element', batch(`[${one},${meta({})}]`, '2025-03-26')],
    ['empty', batch('[]', '2025-03-26')],
    ['of 33', batch(`[${Array.from({ length: 33 }, () => one).join()}]`, '2025-03-26')],
    ['within a batch', batch(`[[${one}]]`, '2025-03-26')],
  ])('%s', async (_name, make) => void (await refused(make, -32600, undefined)));
});

describe('B-25, B-20, D-01: an envelope that two servers could read differently gets 400 -32600', () => {
  const raw =
    (body: string): Make =>
    () =>
      old({ body });
  const members = (count: number): string => Array.from({ length: count }, (_, i) => `"x${i}":1`).join();
  const nested = (levels: number): string =>
    `{"jsonrpc":"2.0","id":1,"method":"x","params":{"arguments":${'['.repeat(levels)}${']'.repeat(levels)}}}`;

  test.each<[string, Make]>([
    ['100 names in params', raw(`{"jsonrpc":"2.0","id":7,"method":"x","params":{${members(100)}}}`)],
    ['many names in arguments', raw(`{"jsonrpc":"2.0","id":7,"method":"x","params":{"arguments":{${members(5_000)}}}}`)],
    ['127 levels below params', raw(nested(127))],
    ['B-20: a response of a legacy client', raw('{"jsonrpc":"2.0","id":"s-1","result":{"action":"accept"}}')],
    ['B-20: an error of a legacy client', raw('{"jsonrpc":"2.0","id":"s-1","error":{"code":-1,"message":"x"}}')],
  ])('%s passes', async (_name, make) => expect((await scene.send(make())).status).toBe(200));

  test('B-24: the rejection of a notification has no id and no result', async () => {
    const response = await scene.send(raw('{"jsonrpc":"2.0","method":"notifications/x","params":[]}')());
    expect(response.status).toBe(400);
    expect(Object.keys(JSON.parse(response.body) as object).sort()).toEqual(['error', 'jsonrpc']);
  });

  test.each<[string, Make, unknown]>([
    ['two methods', raw('{"jsonrpc":"2.0","id":7,"method":"tools/list","method":"tools/call"}'), 7],
    ['a method with escapes', raw('{"jsonrpc":"2.0","id":7,"method":"tools/list","m\\u0065thod":"tools/call"}'), 7],
    ['a method in another case', raw('{"jsonrpc":"2.0","id":7,"method":"tools/list","Method":"tools/call"}'), 7],
    ['two params', raw('{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"a"},"params":{"name":"b"}}'), 7],
    ['two names', raw('{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"a","name":"b"}}'), 7],
    [
      'two names in _meta',
      raw(`{"jsonrpc":"2.0","id":7,"method":"x","params":{"_meta":{"${VERSION_KEY}":"a","${VERSION_KEY}":"b"}}}`),
      7,
    ],
    ['a method that is not a string', raw('{"jsonrpc":"2.0","id":7,"method":["tools/list"]}'), 7],
    ['null as the id', raw('{"jsonrpc":"2.0","id":null,"method":"tools/list"}'), undefined],
    ['a fraction as the id', raw('{"jsonrpc":"2.0","id":1.5,"method":"tools/list"}'), undefined],
    ['an object as the id', raw('{"jsonrpc":"2.0","id":{},"method":"tools/list"}'), undefined],
    ['an integer in another form as the id', raw('{"jsonrpc":"2.0","id":1.0,"method":"tools/list"}'), undefined],
    ['true as the id', raw('{"jsonrpc":"2.0","id":true,"method":"tools/list"}'), undefined],
    ['two ids', raw('{"jsonrpc":"2.0","id":7,"id":8,"method":"tools/list"}'), 7],
    ['a method with the long s', raw('{"jsonrpc":"2.0","id":7,"method":"x","param\u017f":{}}'), 7],
    ['the kelvin sign', raw('{"jsonrpc":"2.0","id":7,"method":"x","params":{"tas\u212aId":"a"}}'), 7],
    ['the dotless i', raw('{"jsonrpc":"2.0","method":"x","id":7,"\u0131d":8}'), 7],
    ['half a surrogate pair in a name', raw('{"jsonrpc":"2.0","id":7,"method":"x","params":{"name":"\\ud800"}}'), 7],
    ['a NUL in a method', raw('{"jsonrpc":"2.0","id":7,"method":"tools/list\\u0000"}'), 7],
    ['101 names in params', raw(`{"jsonrpc":"2.0","id":7,"method":"x","params":{${members(101)}}}`), 7],
    ['a response with a result and an error', raw('{"jsonrpc":"2.0","id":7,"result":{},"error":{"code":1,"message":"x"}}'), 7],
    ['another jsonrpc version', raw('{"jsonrpc":"1.0","id":"x","method":"tools/list"}'), 'x'],
    ['a list as params', raw('{"jsonrpc":"2.0","id":7,"method":"tools/list","params":[]}'), 7],
    ['neither request nor response', raw('{"jsonrpc":"2.0","id":7}'), 7],
    ['B-20: a response in the modern revision', () => list({ body: '{"jsonrpc":"2.0","id":7,"result":{}}' }), undefined],
    ['a string', raw('"text"'), undefined],
  ])('%s', async (_name, make, id) => void (await refused(make, -32600, id)));

  test.each<[string, string | Buffer]>([
    ['half a JSON text', '{"jsonrpc":'],
    ['an empty body', ''],
    ['B-18: bytes that are not UTF-8', Buffer.from('{"jsonrpc":"2.0","id":1,"method":"\xff"}', 'latin1')],
    ['B-18: a byte order mark', '\ufeff{"jsonrpc":"2.0","id":1,"method":"tools/list"}'],
    ['128 levels below params', nested(128)],
    ['a no-break space', '\u00a0{"jsonrpc":"2.0","id":1,"method":"tools/list"}'],
    ['a control character', '{"jsonrpc":"2.0","id":1,"method":"tools/\tlist"}'],
    ['B-18: half a surrogate pair as bytes', Buffer.from('{"jsonrpc":"2.0","id":1,"method":"\xed\xa0\x80"}', 'latin1')],
    ['a comment', '{"jsonrpc":"2.0",/**/"id":1,"method":"tools/list"}'],
    ['too many levels', `{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":${'['.repeat(5000)}${']'.repeat(5000)}}}`],
    ['a second value after it', '{"jsonrpc":"2.0","id":1,"method":"tools/list"} {}'],
  ])('D-10: %s gets 400 -32700', async (_name, body) => void (await refused(() => old({ body }), -32700, undefined)));

  test.each<[string, Ask['headers']]>([
    ['text/plain', [['Content-Type', 'text/plain']]],
    ['absent', [['Content-Type', null]]],
    ['another charset', [['Content-Type', 'application/json; charset=utf-16']]],
    ['a form', [['Content-Type', 'application/x-www-form-urlencoded']]],
    ['B-19: compressed', [['Content-Encoding', 'gzip']]],
  ])(
    'B-16, C-07: media type %s gets 415',
    async (_name, headers) => void (await refused(() => old({ headers }), -31415, undefined, 415)),
  );
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

describe('B-26, B-27, D-01: a message is forwarded byte for byte, and its id comes back as written', () => {
  test.each([
    '0',
    '-0',
    '"a"',
    '-1',
    '9007199254740993',
    '18446744073709551615',
    '"9007199254740993"',
    '"\\u00e9\\n"',
    '"\\ud800"',
    '""',
  ])('id %s', async (id) => {
    const body = `{ "jsonrpc" : "2.0",\n"id":${id}, "method":"tools/call","params":{"name":"x","arguments":{"n":9007199254740993,"f":1.0,"_":null,"e":1E2,"dup":1,"dup":2}}}`;
    expect((await scene.send(old({ body }))).status).toBe(200);
    expect(scene.upstream.last?.body.toString()).toBe(body);
    const answer = await scene.send(old({ body, headers: [version('banana')] }));
    expect(answer.body).toContain(`"id":${id},`);
  });
});

test('B-26: members that the gateway does not know pass unchanged, in _meta and beside it', async () => {
  const own = '"com.example/trace":{"a":[1.0,1e2,null]},"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"';
  const asked = `"requestState":"\\u0061 \\/","cursor":"","inputResponses":{"k":9007199254740993},"__proto__":{"name":"x"}`;
  const body = `{"jsonrpc":"2.0","id":"id-1","method":"tools/list","params":{"_meta":{${JSON.stringify(META).slice(1, -1)},"progressToken":12345678901234567890,${own}},${asked}}}`;
  expect((await scene.send(list({ body }))).status).toBe(200);
  expect(scene.upstream.last?.body.toString()).toBe(body);
});

test('B-62: x-mcp-header in the schema of a tool passes unchanged', async () => {
  const tools = [{ name: 'a', inputSchema: { type: 'object', properties: { r: { type: 'string', 'x-mcp-header': 'Region' } } } }];
  const answer = { jsonrpc: '2.0', id: 'id-1', result: { tools } };
  scene.upstream.answer(answers.json(answer));
  expect(JSON.parse((await scene.send(list())).body)).toEqual(answer);
});

test('A-66: the log names the reason of each rejection', async () => {
  const lines = await Promise.all(told.map(({ response }) => scene.logOf(response)));
  expect(told.length).toBeGreaterThan(60);
  expect(lines.map(({ reason }) => reason)).toEqual(told.map(({ reason }) => reason));
});
