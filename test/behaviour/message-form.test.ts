// Every server reads the same message: its headers, version, batches, repeated names, and the bytes
// themselves.
import { describe, expect, test } from 'vitest';
import { type Ask, META } from '../fixtures/messages.js';
import { answers } from '../fixtures/raw-upstream.js';
import {
  type Case,
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
    ['B-20: null params of a request', raw('{"jsonrpc":"2.0","id":7,"method":"tools/list","params":null}')],
    ['B-20: null params of a notification', raw('{"jsonrpc":"2.0","method":"notifications/initialized","params":null}')],
    ['B-20: a response with a null error', raw('{"jsonrpc":"2.0","id":7,"result":{},"error":null}')],
    ['B-20: an error with a null result', raw('{"jsonrpc":"2.0","id":7,"result":null,"error":{"code":1,"message":"x"}}')],
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
    ['a no-break space at its end', [['Content-Type', 'application/json\u00a0']]],
    ['a form', [['Content-Type', 'application/x-www-form-urlencoded']]],
    ['B-19: compressed', [['Content-Encoding', 'gzip']]],
  ])(
    'B-16, C-07: media type %s gets 415',
    async (_name, headers) => void (await refused(() => old({ headers }), -31415, undefined, 415)),
  );
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

test('A-66: the log names the reason of each rejection', () => expectReasons(35));
