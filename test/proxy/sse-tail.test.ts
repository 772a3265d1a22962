// The places in an event stream where the gateway may add an event, for any chunks.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SseTail } from '../../src/proxy/sse-tail.js';

function sent(...chunks: readonly (string | Buffer)[]): SseTail {
  const events = new SseTail();
  for (const chunk of chunks) events.add(Buffer.from(chunk as string));
  return events;
}

const bytewise = (text: string | Buffer): Buffer[] => [...Buffer.from(text as string)].map((byte) => Buffer.from([byte]));

/** Lines as a client reads them (HTML, section 9.2.5): CR, LF or CRLF ends a line. */
const lines = (text: string): string[] => text.split(/\r\n|\r|\n/);

const ends = ['\n', '\r', '\r\n'];
const blank: [string, boolean][] = ends.flatMap((first) => [
  [`data: 1${first}`, false],
  ...ends.flatMap((second): [string, boolean][] => {
    // CR and LF look like two line ends and are one.
    const text = `data: 1${first}${second}`;
    return [
      [text, first + second !== '\r\n'],
      [`${text}data: 2`, false],
      [`${text}data: 2${second}`, false],
      ...ends.map((third): [string, boolean] => [`${text}${third}`, true]),
    ];
  }),
]);

describe('B-77: between events means at the start or after a blank line', () => {
  test.each<[string, boolean]>([
    ['', true],
    ['d', false],
    ['data: 1', false],
    [':\n\n', true],
    [':\n', true],
    [': ping', false],
    [': ping\n: pong\r\n', true],
    ['data: 1\n\n:\n', true],
    ['data: 1\r\n\r\n:\r', true],
    ['data: 1\n:\n', false],
    ['data: 1\n:\r\n', false],
    ['data: 1\n\n:\ndata: 2\n', false],
    ['\n', true],
    ['\r', true],
    ['\r\n', true],
    [' \n', false],
    ['data: 1\n \n', false],
    ...blank,
  ])('%j: %j', (text, expected) => {
    for (const chunks of [[text], bytewise(text)]) expect(sent(...chunks).isBetweenEvents).toBe(expected);
    for (let at = 1; at < text.length; at++) {
      expect(sent(text.slice(0, at), text.slice(at)).isBetweenEvents).toBe(expected);
    }
  });
});

const SIGNATURE = Buffer.from([0xef, 0xbb, 0xbf]);

describe('B-77, B-87: event ids are found', () => {
  test.each<[string | Buffer, boolean]>([
    ['id: 1\ndata: 1\n\n', true],
    ['id:1\n\n', true],
    ['id\ndata: 1\n\n', true],
    ['id\rdata: 1\r\r', true],
    ['data: 1\nid: 1\n\n', true],
    ['data: 1\rid: 1\r\r', true],
    ['data: 1\r\nid: 1\r\n\r\n', true],
    ['data: 1\n\nid\r\n\r\n', true],
    ['data: 1\nidx: 2\nid: 1\n\n', true],
    [Buffer.concat([SIGNATURE, Buffer.from('id: 1\n\n')]), true],
    ['data: 1\n\n', false],
    ['data: {"id":1}\n\n', false],
    ['data: id: 1\n\n', false],
    [' id: 1\n\n', false],
    ['idea: 1\nidx\nid 1\ni:d\nID: 1\n\n', false],
    [': id: 1\n\n', false],
  ])('%j: %j', (text, expected) => {
    const bytes = Buffer.from(text as string);
    for (const chunks of [[bytes], bytewise(bytes)]) expect(sent(...chunks).hasEventIds).toBe(expected);
    for (let at = 1; at < bytes.length; at++) {
      expect(sent(bytes.subarray(0, at), bytes.subarray(at)).hasEventIds).toBe(expected);
    }
  });
});

describe('B-77: a response may be among the events', () => {
  test.each<[string, boolean]>([
    ['data: {"jsonrpc":"2.0","id":1,"result":{}}\n\n', true],
    ['data: {"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":""}}\n\n', true],
    ['data: {\ndata: "id":1,\ndata: "result": {}}\n\n', true],
    ['data: {"id":1,"result" : {}}\n\n', true],
    ['data: {"id":1,"error"\t:{}}\n\n', true],
    ['data: {"id":1,"result"\ndata: :{}}\n\n', true],
    ['data: {"id":1,"result"\r\n: a comment\r\ndata::{}}\r\n\r\n', true],
    ['data: {"id":1,"\\u0072esult":{}}\n\n', true],
    ['data: {"id":1,"resul\\u0074":{}}\n\n', true],
    ['data: {"id":1,"err\\u006Fr":{}}\n\n', true],
    ['data: {"method":"notifications/progress","params":{"progress":1}}\n\n', false],
    ['data: {"method":"notifications/message","params":{"level":"error","data":"no result"}}\n\n', false],
    ['data: {"method":"notifications/message","params":{"data":"x","level":"error"}}\n\n', false],
    ['data: {"method":"notifications/message","params":{"data":["error"],"level":"info"}}\n\n', false],
    ['data: {"method":"notifications/message","params":{"data":"caf\\u00e9 \\u20ac \\"result\\":1"}}\n\n', false],
    // Serializers of .NET escape the backtick and DEL.
    ['data: {"method":"notifications/message","params":{"data":"run \\u0060x\\u0060 \\u007f \\u0061"}}\n\n', false],
    // It counts as a response, so the gateway would cut the stream without an error event.
    ['data: {"method":"notifications/message","params":{"data":{"error":1}}}\n\n', true],
  ])('%j: %j', (text, expected) => {
    for (const chunks of [[text], bytewise(text)]) expect(sent(...chunks).mayHaveResponse).toBe(expected);
    for (let at = 1; at < text.length; at++) expect(sent(text.slice(0, at), text.slice(at)).mayHaveResponse).toBe(expected);
  });
});

describe('B-77: where an event id suffices, a response after it is not searched', () => {
  const response = 'data: {"result":{}}\n\n';
  test.each<[string, string[], boolean]>([
    ['in one chunk', [`id: 1\n\n${response}`], false],
    ['in two chunks', ['id: 1\n\n', response], false],
    ['without an id', [response], true],
    ['before an id', [response, 'id: 1\n\n'], true],
  ])('%s', (_name, chunks, isFound) => {
    expect(sent(...chunks).mayHaveResponse).toBe(true);
    const events = new SseTail(true);
    for (const chunk of chunks) events.add(Buffer.from(chunk));
    expect([events.mayHaveResponse, events.hasEventIds]).toEqual([isFound, chunks.join('').includes('id:')]);
  });
});

test('B-77: any stream in any chunks is read as a client reads it', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '\n',
      '\r',
      '\r\n',
      'id',
      'id:',
      'i',
      'd',
      ':',
      'data: 1',
      '"result"',
      '"error":',
      '"',
      ' ',
      '\\u00',
      '6f',
      '60',
    ),
    fc.string({ maxLength: 12 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const events = sent(...pieces);
      const text = pieces.join('');
      // The last line has no line end yet.
      const whole = lines(text).slice(0, -1);
      const unfinished = lines(text).at(-1) as string;
      const lastOfEvent = whole.findLast((line) => !line.startsWith(':')) ?? '';
      expect(events.isBetweenEvents).toBe(unfinished === '' && lastOfEvent === '');
      expect(events.hasEventIds).toBe([...whole.map((line) => `${line}:`), unfinished].some((line) => line.startsWith('id:')));
      expect(events.mayHaveResponse).toBe(/"(result|error)"[^,}\]]|\\u00(6[5cCfF]|7[2-5])/.test(text));
    }),
    { numRuns: 2_000 },
  );
});

test('B-77: every spelling of a response is found, in any lines and any chunks', () => {
  const letter = (name: string, escaped: boolean[]): string =>
    [...name].map((c, at) => (escaped[at] ? `\\u00${c.charCodeAt(0).toString(16)}` : c)).join('');
  const gap = fc.constantFrom('', ' ', '\t', '\ndata: ', '\r\ndata:', '\n: comment\ndata: ', '\nevent: message\ndata:  ');
  const escapes = fc.array(fc.boolean(), { minLength: 6, maxLength: 6 });
  fc.assert(
    fc.property(fc.constantFrom('result', 'error'), escapes, gap, gap, fc.integer({ min: 1, max: 9 }), (name, at, a, b, size) => {
      const text = `data: {"jsonrpc":"2.0","id":1,${a}"${letter(name, at)}"${b}:{}}\n\n`;
      const data = lines(text).filter((line) => line.startsWith('data:'));
      expect(JSON.parse(data.map((line) => line.slice(5)).join('\n'))).toHaveProperty(name);
      const chunks = Array.from({ length: Math.ceil(text.length / size) }, (_value, n) => text.slice(n * size, (n + 1) * size));
      expect(sent(...chunks).mayHaveResponse).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});
