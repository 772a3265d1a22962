// Reads the fields of JSON-RPC messages from the bytes that the gateway forwards.
import { describe, expect, test } from 'vitest';
import { readMessages } from '../../src/mcp/message-reader.js';

const read = (text: string | Buffer) => readMessages(Buffer.from(text));
const flawOf = (text: string): string => {
  const result = read(text);
  if (result.ok) return 'ok';
  return result.unreadable ? 'not JSON' : result.detail;
};
const one = (text: string) => {
  const result = read(text);
  return result.ok ? result.messages[0] : result;
};

const REQUEST = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}}';

describe('a message', () => {
  test('has method, id and name (B-20)', () => {
    expect(one(REQUEST)).toEqual({
      method: 'tools/call',
      idText: '1',
      name: 'echo',
      uri: undefined,
      taskId: undefined,
      metaVersion: undefined,
      metaHasCapabilities: false,
    });
  });

  test('has uri, taskId, version and capabilities', () => {
    const meta =
      '{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"x":[1]},"progressToken":1}';
    expect(one(`{"jsonrpc":"2.0","id":"a","method":"m","params":{"uri":"u","taskId":"t","_meta":${meta}}}`)).toMatchObject({
      uri: 'u',
      taskId: 't',
      metaVersion: '2026-07-28',
      metaHasCapabilities: true,
    });
  });

  test.each([
    ['a request', REQUEST],
    ['a notification', '{"jsonrpc":"2.0","method":"notifications/initialized"}'],
    ['a response', '{"jsonrpc":"2.0","id":1,"result":{}}'],
    ['an error response', '{"jsonrpc":"2.0","id":"a","error":{"code":1,"message":"x"}}'],
    ['a request with null params', '{"jsonrpc":"2.0","id":1,"method":"m","params":null}'],
    ['a notification with null params', '{"jsonrpc":"2.0","method":"notifications/initialized","params": null }'],
    [
      'a request with null for each absent member',
      '{"jsonrpc":"2.0","id":1,"method":"m","params":{},"result":null,"error":null}',
    ],
    ['a response with a null error', '{"jsonrpc":"2.0","id":1,"result":{},"error":null}'],
    ['an error response with a null result', '{"jsonrpc":"2.0","id":1,"result":null,"error":{"code":1,"message":"x"}}'],
    ['an error response with a null result after it', '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"},"result":null}'],
    ['a response with null params', '{"jsonrpc":"2.0","id":1,"params":null,"result":{}}'],
    ['a response with a null result', '{"jsonrpc":"2.0","id":1,"result":null}'],
    ['a response with a null result and a null error', '{"jsonrpc":"2.0","id":1,"result":null,"error":null}'],
    ['a request with unknown members', '{"jsonrpc":"2.0","id":1,"method":"m","x":{"y":[1,{"z":null}]}}'],
    ['a request with white space everywhere', ' { "jsonrpc" : "2.0" , "id" : 1 , "method" : "m" } \r\n'],
    ['a request with members in another order', '{"params":{},"method":"m","id":1,"jsonrpc":"2.0"}'],
    [
      'a request with deep arguments',
      `{"jsonrpc":"2.0","id":1,"method":"m","params":{"arguments":${'['.repeat(100)}${']'.repeat(100)}}}`,
    ],
  ])('can be %s (B-20)', (_what, text) => expect(flawOf(text)).toBe('ok'));

  test.each([
    ['null', 'not an object'],
    ['"text"', 'not an object'],
    ['1', 'not an object'],
    ['{}', 'jsonrpc is not "2.0"'],
    ['{"id":1,"method":"m"}', 'jsonrpc is not "2.0"'],
    ['{"jsonrpc":"1.0","id":1,"method":"m"}', 'jsonrpc is not "2.0"'],
    ['{"jsonrpc":2.0,"id":1,"method":"m"}', 'jsonrpc is not a string'],
    ['{"jsonrpc":"2.0","id":1}', 'neither request, notification nor response'],
    ['{"jsonrpc":"2.0","result":{}}', 'neither request, notification nor response'],
    ['{"jsonrpc":"2.0","id":1,"method":"m","result":{}}', 'neither request, notification nor response'],
    ['{"jsonrpc":"2.0","id":1,"method":"m","error":{}}', 'neither request, notification nor response'],
    ['{"jsonrpc":"2.0","id":1,"result":{},"error":{}}', 'neither request, notification nor response'],
    ['{"jsonrpc":"2.0","id":1,"method":5}', 'method is not a string'],
    ['{"jsonrpc":"2.0","id":1,"method":null}', 'method is not a string'],
    ['{"jsonrpc":"2.0","id":1,"method":["tools/call"]}', 'method is not a string'],
    ['{"jsonrpc":"2.0","id":1,"method":"m","params":[]}', 'params is not an object'],
    ['{"jsonrpc":"2.0","id":1,"method":"m","params":nul}', 'not JSON'],
    ['{"jsonrpc":"2.0","id":1,"method":"m","params":false}', 'params is not an object'],
    ['{"jsonrpc":"2.0","id":1,"error":null}', 'neither request, notification nor response'],
    ['{"jsonrpc":"2.0","result":null}', 'neither request, notification nor response'],
    ['{"jsonrpc":"2.0","id":1,"result":false,"error":{}}', 'neither request, notification nor response'],
    ['{"jsonrpc":"2.0","id":1,"method":"m","result":0,"error":null}', 'neither request, notification nor response'],
    ['{"jsonrpc":"2.0","id":1,"method":null,"result":{}}', 'method is not a string'],
    ['{"jsonrpc":"2.0","id":1,"method":"m","params":{"name":1}}', 'params.name is not a string'],
    ['{"jsonrpc":"2.0","id":1,"method":"m","params":{"uri":{}}}', 'params.uri is not a string'],
    ['{"jsonrpc":"2.0","id":1,"method":"m","params":{"taskId":[]}}', 'params.taskId is not a string'],
    [
      '{"jsonrpc":"2.0","id":1,"method":"m","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":1}}}',
      'protocolVersion is not a string',
    ],
    ['{"jsonrpc":"2.0","id":1,"method":"m","params":{"name":"\\ud800"}}', 'params.name has a NUL or half a surrogate pair'],
    ['{"jsonrpc":"2.0","id":1,"method":"\\udc00m"}', 'method has a NUL or half a surrogate pair'],
  ])('is not %s: %s (B-25)', (text, detail) => {
    expect(flawOf(REQUEST)).toBe('ok');
    if (detail !== 'not JSON') expect(JSON.parse(text)).toBeDefined();
    expect(flawOf(text)).toBe(detail);
  });

  test.each([
    ['at the top', '{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call"}'],
    ['at the top, in another case', '{"jsonrpc":"2.0","id":1,"method":"tools/list","Method":"tools/call"}'],
    ['at the top, another id', '{"jsonrpc":"2.0","id":1,"id":2,"method":"m"}'],
    ['at the top, two params', '{"jsonrpc":"2.0","id":1,"method":"m","params":{},"params":{"name":"x"}}'],
    ['at the top, an unknown name', '{"jsonrpc":"2.0","id":1,"method":"m","x":1,"x":2}'],
    ['in params', '{"jsonrpc":"2.0","id":1,"method":"m","params":{"name":"a","name":"b"}}'],
    ['in params, two _meta', '{"jsonrpc":"2.0","id":1,"method":"m","params":{"_meta":{},"_meta":{}}}'],
    ['in params, with an escape', '{"jsonrpc":"2.0","id":1,"method":"m","params":{"name":"a","n\\u0061me":"b"}}'],
    [
      'in params._meta',
      '{"jsonrpc":"2.0","id":1,"method":"m","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"a","io.modelcontextprotocol/protocolVersion":"b"}}}',
    ],
    ['in params._meta, an unknown name', '{"jsonrpc":"2.0","id":1,"method":"m","params":{"_meta":{"x":1,"x":2}}}'],
  ])('with a repeated name %s is rejected (B-25)', (_where, text) => {
    expect(flawOf(REQUEST)).toBe('ok');
    expect(flawOf(text)).toMatch(/^a member name is repeated/);
  });

  test('may repeat names in its arguments, which the gateway forwards unchanged (B-27)', () => {
    expect(flawOf('{"jsonrpc":"2.0","id":1,"method":"m","params":{"name":"a","arguments":{"x":1,"x":2}}}')).toBe('ok');
  });
});

describe('the id', () => {
  const withId = (id: string): string => `{"jsonrpc":"2.0","id":${id},"method":"m"}`;
  test.each([
    '0',
    '-5',
    '7',
    '9007199254740993',
    '18446744073709551615',
    '"a"',
    '""',
    '"9007199254740991"',
    '"\\u0061\\n"',
    '"\u00e9"',
  ])('%s is kept as written (D-01, B-26)', (id) => {
    expect(one(withId(id))).toMatchObject({ idText: id });
  });

  test.each(['null', '1.5', '1.0', '1e3', '{}', '[]', 'true', '123456789012345678901'])('%s is rejected (B-25)', (id) => {
    expect(flawOf(withId('1'))).toBe('ok');
    expect(flawOf(withId(id))).toBe('id is neither a string nor an integer');
  });

  test('is in the rejection of a flaw, before or after the flaw (D-01)', () => {
    expect(read('{"jsonrpc":"2.0","id":"x","method":5}')).toMatchObject({ ok: false, idText: '"x"' });
    expect(read('{"jsonrpc":"2.0","method":5,"id":3}')).toMatchObject({ ok: false, idText: '3' });
    expect(read('{"jsonrpc":"2.0","method":5')).toMatchObject({ ok: false, unreadable: true, idText: undefined });
    expect(read('[{"jsonrpc":"2.0","method":5,"id":3}]')).toMatchObject({ ok: false, idText: undefined });
  });
});

describe('a batch (B-21)', () => {
  test('is read as a batch, with each message', () => {
    const result = read(`[${REQUEST}, {"jsonrpc":"2.0","method":"n"}]`);
    expect(result).toMatchObject({
      ok: true,
      batch: true,
      messages: [{ method: 'tools/call' }, { method: 'n', idText: undefined }],
    });
    expect(read(REQUEST)).toMatchObject({ ok: true, batch: false });
    expect(read('[]')).toMatchObject({ ok: true, batch: true, messages: [] });
  });

  test.each([
    ['a flaw in one message', `[${REQUEST},{"jsonrpc":"2.0","id":1,"method":1}]`, 'method is not a string'],
    ['a batch in a batch', `[[${REQUEST}]]`, 'not an object'],
    ['a number among them', `[${REQUEST},1]`, 'not an object'],
    ['no end', `[${REQUEST}`, 'not JSON'],
    ['two bodies', `${REQUEST}${REQUEST}`, 'not JSON'],
  ])('with %s is rejected', (_what, text, flaw) => {
    expect(flawOf(`[${REQUEST}]`)).toBe('ok');
    expect(flawOf(text)).toBe(flaw);
  });
});
