// Every way in which an upstream can break HTTP before its answer begins, as raw bytes. Each gives
// its row of the failure table, never a 500. No byte is forwarded, and the next call works.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Answer, answers } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import {
  answer,
  BODY,
  BROKEN,
  CHUNKED,
  chunk,
  createRowChecks,
  kept,
  REFUSED_US,
  type Row,
  raw,
  SIZED,
  TYPE,
} from '../support/upstream-rows.js';

let scene: Scene;
const { call, expectRow, expectLogged, expectNext } = createRowChecks(() => scene);

beforeAll(async () => {
  scene = await startScene({ upstream: { headersTimeoutMs: 3_000 } });
});
afterAll(() => scene.stop());
beforeEach(async () => {
  scene.upstream.reset();
  await scene.passes();
  scene.upstream.reset();
});

const INTERIM = 'HTTP/1.1 103 Early Hints\r\nLink: </internal>\r\n\r\n';
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
/** The empty SETTINGS frame with which an HTTP/2-only server begins. */
const SETTINGS = Buffer.from('000000040000000000', 'hex');
const ALERT = Buffer.from('15030100020228', 'hex');
const HELLO = Buffer.from('160301000502000001000100', 'hex');

describe('C-138, C-139, C-140, C-145, D-23: an answer that is not HTTP gives 502 upstream.broken', () => {
  test.each<[string, Answer]>([
    ['Content-Length and Transfer-Encoding', raw(answer('200 OK', [TYPE, SIZED, CHUNKED], `${chunk(BODY)}0\r\n\r\n`))],
    ['Transfer-Encoding and Content-Length', raw(answer('200 OK', [TYPE, CHUNKED, SIZED], `${chunk(BODY)}0\r\n\r\n`))],
    ['two different Content-Length lines', raw(answer('200 OK', [TYPE, SIZED, 'Content-Length: 3']))],
    ['two equal Content-Length lines', raw(answer('200 OK', [TYPE, SIZED, SIZED]))],
    ['two lengths in one Content-Length line', raw(answer('200 OK', [TYPE, `${SIZED}, ${BODY.length}`]))],
    ['a negative Content-Length', raw(answer('200 OK', [TYPE, 'Content-Length: -1']))],
    ['a Content-Length with a sign', raw(answer('200 OK', [TYPE, `Content-Length: +${BODY.length}`]))],
    ['a Content-Length that is not a number', raw(answer('200 OK', [TYPE, 'Content-Length: 3x']))],
    ['a Content-Length above every limit', raw(answer('200 OK', [TYPE, `Content-Length: ${'9'.repeat(30)}`]))],
    ['bare LF', raw(answer('200 OK', [TYPE, SIZED]).replaceAll('\r\n', '\n'))],
    ['an obsolete fold', raw(answer('200 OK', [TYPE, 'X-Fold: a\r\n b', SIZED]))],
    ['a bare CR in a value', raw(answer('200 OK', [TYPE, 'X-Cr: a\rb', SIZED]))],
    ['a NUL in a value', raw(answer('200 OK', [TYPE, 'X-Nul: a\0b', SIZED]))],
    ['white space before the colon', raw(answer('200 OK', [TYPE, 'X-Space : a', SIZED]))],
    ['a line without a colon', raw(answer('200 OK', [TYPE, 'internal', SIZED]))],
    ['a name with a space', raw(answer('200 OK', [TYPE, 'X Space: a', SIZED]))],
    ['a control character in a value', raw(answer('200 OK', [TYPE, 'Mcp-Note: a\x01b', SIZED]))],
    ['DEL in a value', raw(answer('200 OK', [TYPE, 'Mcp-Note: a\x7fb', SIZED]))],
    ['one field above 16 KiB', raw(answer('200 OK', [TYPE, `X-Long: ${'x'.repeat(20_000)}`, SIZED]))],
    ['many fields, above 16 KiB', raw(answer('200 OK', [...Array(2000).fill('X-Many: internal'), SIZED]))],
    [
      'fields without an end',
      raw(Array.from({ length: 40 }, (_v, n) => `${n === 0 ? 'HTTP/1.1 200 OK\r\n' : ''}X: ${'y'.repeat(999)}\r\n`)),
    ],
    ['HTTP/0.9', raw(BODY)],
    ['text before HTTP', raw(`internal\r\n${answer('200 OK', [TYPE, SIZED])}`)],
    ['bytes before HTTP', raw(`\x00\x01${answer('200 OK', [TYPE, SIZED])}`)],
    ['an unknown version', raw(answer('200 OK', [TYPE, SIZED]).replace('HTTP/1.1', 'HTTP/3.7'))],
    ['another protocol', raw(answer('200 OK', [TYPE, SIZED]).replace('HTTP/1.1', 'ICY'))],
    ['a request instead of an answer', raw(`POST / HTTP/1.1\r\nHost: internal\r\n${SIZED}\r\n\r\n${BODY}`)],
    ['the preface of HTTP/2', raw(PREFACE)],
    ['the settings of HTTP/2', answers.raw(SETTINGS)],
    ['an alert of TLS', answers.raw(ALERT)],
    ['a hello of TLS', answers.raw(HELLO)],
    ['no byte, closed', answers.hangUp()],
    ['no byte, reset', answers.hangUp(true)],
    ['half a status line, closed', raw('HTTP/1.1 20')],
    ['half a header section, closed', raw('HTTP/1.1 200 OK\r\nContent-Ty')],
    ['all but the empty line, closed', raw(`HTTP/1.1 200 OK\r\n${TYPE}\r\n`)],
    ['a head and no body, closed', raw(answer('200 OK', [TYPE, SIZED], ''))],
    ['a head and no body, of an event stream', raw(answer('200 OK', ['Content-Type: text/event-stream', SIZED], ''))],
    ['100 and no answer', raw('HTTP/1.1 100 Continue\r\n\r\n')],
    ['100 a hundred times', kept(Array(100).fill('HTTP/1.1 100 Continue\r\n\r\n'))],
    ['102 a hundred times', kept(Array(100).fill('HTTP/1.1 102 Processing\r\n\r\n'))],
    ['103 a hundred times, and then an answer', kept(`${INTERIM.repeat(100)}${answer('200 OK', [TYPE, SIZED])}`)],
    ['101', raw('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')],
    ['101 without Upgrade', raw('HTTP/1.1 101 Switching Protocols\r\n\r\n')],
    ['200 with Upgrade', raw(answer('200 OK', ['Upgrade: h2c', 'Connection: Upgrade', 'Content-Type: text/plain', SIZED]))],
    ['status 099', raw(answer('099 Low', [TYPE, SIZED]))],
    ['status 000', raw(answer('000 None', [TYPE, SIZED]))],
    ['status 199', kept(`${answer('199 Odd', []).split('\r\n\r\n')[0]}\r\n\r\n`.repeat(20))],
    ['status 600', raw(answer('600 High', [TYPE, SIZED]))],
    ['status 999', raw(answer('999 High', [TYPE, SIZED]))],
    ['status 20', raw(answer('20 Short', [TYPE, SIZED]))],
    ['status 2000', raw(answer('2000 Long', [TYPE, SIZED]))],
    ['a status that is not a number', raw(answer('OK 200', [TYPE, SIZED]))],
  ])('%s', async (_name, broken) => {
    scene.upstream.answer(broken);
    expectRow(await call(), BROKEN);
    expect(scene.upstream.hits).toBe(1);
    // The gateway does not use the broken connection again, so no later byte on it is taken for the
    // next answer.
    await expectNext();
  });
  test('D-23, A-66: each is logged once, with its reason', expectLogged);

  test.each<[string, string, string[], string]>([
    ['with a length', '200 OK', [TYPE, SIZED], BODY],
    ['in chunks', '200 OK', [TYPE, CHUNKED], `${chunk(BODY)}0\r\n\r\n`],
    ['up to the end of the connection', '200 OK', [TYPE], BODY],
    ['of an event stream', '200 OK', ['Content-Type: text/event-stream', CHUNKED], `${chunk(`data: ${BODY}\n\n`)}0\r\n\r\n`],
    ['of a status without a body', '204 No Content', [], ''],
    ['of an empty body', '202 Accepted', ['Content-Length: 0'], ''],
    ['of an error in chunks', '503 Busy', [TYPE, CHUNKED], `${chunk(BODY)}0\r\n\r\n`],
  ])('header bytes outside ASCII are forwarded as they are: an answer %s', async (_name, status, lines, body) => {
    for (const note of [Buffer.from('\u4e2d\u0100'), Buffer.from([0x61, 0xe9, 0xff, 0x80, 0x62])]) {
      const [before = '', after = ''] = answer(status, [...lines, 'Mcp-Note: |'], body).split('|');
      scene.upstream.answer(answers.raw(Buffer.concat([Buffer.from(before), note, Buffer.from(after)])));
      const response = await call();
      expect([response.status, response.complete]).toEqual([Number(status.slice(0, 3)), true]);
      if (body !== '') expect(response.body).toContain(BODY);
      expect(Buffer.from(response.header('mcp-note') ?? '', 'latin1').toString('hex')).toBe(note.toString('hex'));
    }
  });

  test('the valid answer passes, and so does one after a few interim answers', async () => {
    for (const bytes of [answer('200 OK', [TYPE, SIZED]), INTERIM.repeat(16) + answer('200 OK', [TYPE, SIZED])]) {
      scene.upstream.answer(raw(bytes));
      const response = await call();
      expect([response.status, response.interim, response.body]).toEqual([200, [], BODY]);
    }
  });
});

describe('A-47, C-141, C-146, D-23, D-26: an answer that is not for the caller gives 502', () => {
  const CHALLENGE = 'WWW-Authenticate: Bearer resource_metadata="http://internal.example"';
  test.each<[string, string, Row]>([
    ['401 with a challenge', answer('401 Unauthorized', [TYPE, CHALLENGE, SIZED]), REFUSED_US],
    ['401 without a challenge', answer('401 Unauthorized', [TYPE, SIZED]), REFUSED_US],
    ['403 with a challenge', answer('403 Forbidden', [TYPE, CHALLENGE, SIZED]), REFUSED_US],
    ['407', answer('407 Proxy Authentication Required', [TYPE, 'Proxy-Authenticate: Basic', SIZED]), BROKEN],
    ['426', answer('426 Upgrade Required', [TYPE, 'Upgrade: h2c', 'Connection: Upgrade', SIZED]), BROKEN],
    ...[300, 301, 302, 303, 305, 306, 307, 308, 399].map((status): [string, string, Row] => [
      `${status} with a Location`,
      answer(`${status} Moved`, [TYPE, 'Location: http://internal.example/', SIZED]),
      BROKEN,
    ]),
    ['304 with a body', answer('304 Not Modified', [TYPE, 'ETag: "internal"', SIZED]), BROKEN],
    ['204 with a length', answer('204 No Content', [TYPE, SIZED]), BROKEN],
    ['204 in chunks', answer('204 No Content', [TYPE, CHUNKED], `${chunk(BODY)}0\r\n\r\n`), BROKEN],
    ['205 with a length', answer('205 Reset Content', [TYPE, SIZED]), BROKEN],
    ['205 in chunks', answer('205 Reset Content', [TYPE, CHUNKED], `${chunk(BODY)}0\r\n\r\n`), BROKEN],
    ['205 up to the end of the connection', answer('205 Reset Content', [TYPE]), BROKEN],
    ['206', answer('206 Partial Content', [TYPE, `Content-Range: bytes 0-35/99`, SIZED]), BROKEN],
    ['200 with a body without a type', answer('200 OK', [SIZED]), BROKEN],
    ['200 with chunks without a type', answer('200 OK', [CHUNKED], `${chunk('<html>')}0\r\n\r\n`), BROKEN],
    ['200 with JSON in chunks without a type', answer('200 OK', [CHUNKED], `${chunk(BODY)}0\r\n\r\n`), BROKEN],
    ['200 without a type to the end of the connection', answer('200 OK', []), BROKEN],
    ['200 with HTML', answer('200 OK', ['Content-Type: text/html', SIZED]), BROKEN],
    ['200 with a type that only begins like JSON', answer('200 OK', ['Content-Type: application/jsonp', SIZED]), BROKEN],
    ['200 with a no-break space after the type', answer('200 OK', [`${TYPE}|`, SIZED]), BROKEN],
    ['200 with a no-break space after the type of events', answer('200 OK', ['Content-Type: text/event-stream|', SIZED]), BROKEN],
    ['200 with two types', answer('200 OK', [TYPE, 'Content-Type: text/html', SIZED]), BROKEN],
    ['200 with two types, the first of events', answer('200 OK', ['Content-Type: text/event-stream', TYPE, SIZED]), BROKEN],
    ['200 with two types in one line', answer('200 OK', ['Content-Type: text/event-stream, text/html', SIZED]), BROKEN],
    ['200 with a type that only begins like events', answer('200 OK', ['Content-Type: text/event-streams', SIZED]), BROKEN],
    [
      'Content-Encoding that Connection names',
      answer('200 OK', [TYPE, 'Connection: Content-Encoding', 'Content-Encoding: br', SIZED]),
      BROKEN,
    ],
    ['Content-Type that Connection names', answer('200 OK', [TYPE, 'Connection: keep-alive,content-type', SIZED]), BROKEN],
  ])('%s', async (_name, bytes, row) => {
    scene.upstream.answer(answers.raw(Buffer.from(bytes.replace('|', '\u00a0'), 'latin1')));
    const response = await call();
    expectRow(response, row);
    expect([response.headers('www-authenticate'), response.headers('location'), scene.upstream.hits]).toEqual([[], [], 1]);
    await expectNext();
  });

  test('C-141: not even a redirect to the upstream itself is followed', async () => {
    scene.upstream.next(answers.status(307, [['Location', '/up/?code=internal']]));
    const response = await call();
    expectRow(response, BROKEN);
    expect(scene.upstream.hits).toBe(1);
    // The log alone says where to, and which setting to change.
    expect((await scene.logOf(response)).detail).toBe(
      `redirect 307 to ${scene.upstream.url}/up/; if that is the MCP server, write this as upstream`,
    );
  });
  test('A-66: each is logged once, with its reason', expectLogged);

  test('B-22, D-26: an answer without a body passes, also with Content-Length: 0', async () => {
    for (const status of ['204 No Content', '205 Reset Content']) {
      scene.upstream.answer(raw(answer(status, ['Content-Length: 0'], '')));
      const response = await call();
      expect([response.status, response.complete, response.body]).toEqual([Number(status.slice(0, 3)), true, '']);
    }
    for (const [lines, body] of [
      [[CHUNKED], '0\r\n\r\n'],
      [[], ''],
    ] as const) {
      scene.upstream.answer(raw(answer('200 OK', [...lines], body)));
      const response = await call();
      expect([response.status, response.complete, response.body]).toEqual([200, true, '']);
    }
    // Bytes after the end of an answer reach no caller.
    scene.upstream.answer(kept(answer('204 No Content', [])));
    const response = await call();
    expect([response.status, response.complete, response.body, response.rest]).toEqual([204, true, '', '']);
    await expectNext();
  });
});

test('D-22: none of these answers was a 500', async () => {
  const metrics = await scene.gateway.metrics();
  expect(metrics).toContain('reason="upstream.broken"');
  expect(metrics).not.toMatch(/reason="(gateway|verify)\.fault"/);
  expect(scene.gateway.logs().filter((line) => line['http.response.status_code'] === 500)).toEqual([]);
});
