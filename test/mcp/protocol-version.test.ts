// Checks version and era of messages: from the body of a POST, and by exact lists.
import { describe, expect, test } from 'vitest';
import type { Failure } from '../../src/core/failure.js';
import { LEGACY_VERSIONS, MODERN_VERSIONS, SUPPORTED_VERSIONS } from '../../src/mcp/versions.js';
import type { Lines } from '../support/exchange.js';
import { era, eraOf, type Json, MODERN, meta, mirrored, modernRequest, request } from '../support/rpc.js';

const version = (...values: string[]): Lines => values.map((value) => ['MCP-Protocol-Version', value] as const);
const call = modernRequest();
const withMeta = (value: unknown): Json => request('tools/call', { name: 'echo', _meta: value });

test('the lists are exact and do not overlap (B-34)', () => {
  expect(MODERN_VERSIONS).toEqual(['2026-07-28']);
  expect(LEGACY_VERSIONS).toEqual(['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05']);
  expect(SUPPORTED_VERSIONS).toEqual([...MODERN_VERSIONS, ...LEGACY_VERSIONS]);
});

describe('a modern request', () => {
  test('passes if header and body name the revision (B-31)', () => expect(era(mirrored(), call)).toBe('modern'));

  test.each<[string, Lines, unknown, string]>([
    ['no version header (B-30)', mirrored({ 'MCP-Protocol-Version': null }), call, 'envelope.header_mismatch -32020'],
    ['a legacy header (B-31)', mirrored({ 'MCP-Protocol-Version': '2025-11-25' }), call, 'envelope.header_mismatch -32020'],
    ['a legacy version in the body (B-31)', mirrored(), withMeta(meta('2025-11-25')), 'envelope.header_mismatch -32020'],
    [
      'white space in the version of the body (B-31)',
      mirrored(),
      withMeta(meta(`${MODERN} `)),
      'envelope.header_mismatch -32020',
    ],
    [
      'an unknown version in both (B-32)',
      mirrored({ 'MCP-Protocol-Version': '2099-01-01' }),
      withMeta(meta('2099-01-01')),
      'envelope.version -32022',
    ],
    [
      'a version that sorts after all others (B-34)',
      mirrored({ 'MCP-Protocol-Version': 'zzzz' }),
      withMeta(meta('zzzz')),
      'envelope.version -32022',
    ],
    ['9999 (B-34)', mirrored({ 'MCP-Protocol-Version': '9999' }), withMeta(meta('9999')), 'envelope.version -32022'],
    [
      'no version in the body (B-36)',
      mirrored(),
      withMeta({ ...meta(), 'io.modelcontextprotocol/protocolVersion': undefined }),
      'envelope.meta -32602',
    ],
    [
      'no capabilities (B-36)',
      mirrored(),
      withMeta({ ...meta(), 'io.modelcontextprotocol/clientCapabilities': undefined }),
      'envelope.meta -32602',
    ],
    [
      'capabilities that are not an object (B-36)',
      mirrored(),
      withMeta({ ...meta(), 'io.modelcontextprotocol/clientCapabilities': [] }),
      'envelope.meta -32602',
    ],
    ['no _meta (B-36)', mirrored(), request(), 'envelope.meta -32602'],
    ['_meta that is not an object (B-36)', mirrored(), withMeta([]), 'envelope.meta -32602'],
    ['two version lines (B-58)', [...mirrored(), ...version(MODERN)], call, 'envelope.header_mismatch -32020'],
    ['two Mcp-Method lines (B-58)', [...mirrored(), ['Mcp-Method', 'tools/call']], call, 'envelope.header_mismatch -32020'],
    ['two Mcp-Name lines (B-58)', [...mirrored(), ['mcp-name', 'echo']], call, 'envelope.header_mismatch -32020'],
    [
      'two session lines (B-58)',
      [...mirrored(), ['Mcp-Session-Id', 'a'], ['Mcp-Session-Id', 'a']],
      call,
      'envelope.header_mismatch -32020',
    ],
    ['another method in the header (B-52)', mirrored({ 'Mcp-Method': 'tools/list' }), call, 'envelope.header_mismatch -32020'],
  ])('with %s is rejected', (_what, lines, body, rejection) => {
    expect(era(mirrored(), call)).toBe('modern');
    expect(era(lines, body)).toBe(rejection);
  });

  test('the rejection of a version has served versions, the requested version and the id (B-32, D-01, D-04)', () => {
    const body = { ...withMeta(meta('2099-01-01')), id: '9007199254740993' };
    const rejection = eraOf(mirrored({ 'MCP-Protocol-Version': '2099-01-01' }), body) as Failure;
    expect(rejection.data).toEqual({ supported: MODERN_VERSIONS, requested: '2099-01-01' });
    expect(rejection.idText).toBe('"9007199254740993"');
  });

  test.each([
    ['header mismatch', mirrored({ 'Mcp-Name': 'other' }), call],
    ['missing metadata', mirrored(), request()],
  ])('the rejection for %s has the id (D-01, B-52)', (_what, lines, body) => {
    expect((eraOf(lines, body) as Failure).idText).toBe('7');
  });

  test('clientInfo has no effect (B-110)', () => {
    expect(era(mirrored(), withMeta({ ...meta(), 'io.modelcontextprotocol/clientInfo': { name: 'admin' } }))).toBe('modern');
  });
});

describe('a modern notification', () => {
  const notification = { jsonrpc: '2.0', method: 'notifications/progress', params: {} };
  test('needs neither _meta nor mirrored headers (B-61)', () => expect(era(version(MODERN), notification)).toBe('modern'));
  test('is rejected if its mirrored headers differ from the body (B-52)', () => {
    expect(era([...version(MODERN), ['Mcp-Method', 'notifications/progress']], notification)).toBe('modern');
    expect(era([...version(MODERN), ['Mcp-Method', 'tools/call']], notification)).toBe('envelope.header_mismatch -32020');
  });
});

test('a modern response is rejected (B-20)', () => {
  const response = { jsonrpc: '2.0', id: 1, result: {} };
  expect(era(version('2025-11-25'), response)).toBe('legacy');
  expect(era(version(MODERN), response)).toBe('envelope.invalid -32600');
});

describe('a legacy message', () => {
  test.each([...LEGACY_VERSIONS.map((one) => version(one)), []])('passes with version %j', (...lines) => {
    expect(era(lines as Lines, request())).toBe('legacy');
    expect(era(lines as Lines, null)).toBe('legacy');
  });

  test.each(['banana', '2024-10-07', '2025-11-25 ', '2025-11-2', '', '2026-07-29', '9999'])(
    'with version %j is rejected, POST and GET (B-33, B-34)',
    (value) => {
      expect(era(version('2025-11-25'), request())).toBe('legacy');
      expect(era(version(value), request())).toBe('envelope.version -32022');
      expect(era(version(value), null)).toBe('envelope.version -32022');
    },
  );

  test('the rejection names every served version (B-33, B-37)', () => {
    expect((eraOf(version('banana'), request()) as Failure).data).toEqual({ supported: SUPPORTED_VERSIONS, requested: 'banana' });
  });

  test('two version lines are rejected, POST and GET, even if they agree (B-58)', () => {
    expect(era(version('2025-11-25', '2025-11-25'), request())).toBe('envelope.header_mismatch -32020');
    expect(era(version('2025-11-25', '2025-06-18'), null)).toBe('envelope.header_mismatch -32020');
  });

  test.each(['Mcp-Session-Id', 'Mcp-Method', 'Mcp-Name'])('two %s lines are rejected (B-58)', (name) => {
    const line = [name, 'a'] as const;
    expect(era([...version('2025-11-25'), line], request())).toBe('legacy');
    expect(era([...version('2025-11-25'), line, line], request())).toBe('envelope.header_mismatch -32020');
  });

  test('mirrored headers are not required and have no effect (B-61, B-57)', () => {
    expect(era([...version('2025-11-25'), ['Mcp-Method', 'tools/list'], ['Mcp-Name', 'lie']], request())).toBe('legacy');
  });

  test('a GET with a modern version header is not legacy (B-02)', () => {
    expect(era(version(MODERN), null)).toBe('envelope.version -32022');
  });
});

describe('an initialize', () => {
  const initialize = request('initialize', { protocolVersion: '2025-11-25' });
  test.each([[version('banana')], [version('2027-01-01')], [version('')], [version(MODERN)], [version('2025-03-26')], [[]]])(
    'is legacy with any version header, because its body negotiates: %j (B-33)',
    (lines) => {
      expect(era(lines as Lines, initialize)).toBe('legacy');
      expect(era([...(lines as Lines), ['Mcp-Method', 'tools/call']], initialize)).toBe('legacy');
    },
  );

  test('is rejected with two version lines, or with the _meta of another revision (B-58, B-31)', () => {
    expect(era(version('banana', 'banana'), initialize)).toBe('envelope.header_mismatch -32020');
    const modern = request('initialize', { _meta: meta() });
    expect(era(version('banana'), modern)).toBe('envelope.header_mismatch -32020');
    expect(era(version(MODERN), modern)).toBe('envelope.header_mismatch -32020');
  });

  test('is the only such method (B-33)', () => {
    for (const method of ['Initialize', 'initialize ', 'ping', 'notifications/initialized'])
      expect(era(version('banana'), request(method))).toBe('envelope.version -32022');
    expect(era(version('banana'), [initialize])).toBe('envelope.invalid -32600');
  });
});

describe('a batch', () => {
  const batch = [request(), { jsonrpc: '2.0', method: 'notifications/x' }];
  test.each([[version('2025-03-26')], [[]]])(
    'passes in revision 2025-03-26, also without a version header: %j (B-21)',
    (lines) => {
      expect(era(lines as Lines, batch)).toBe('legacy');
    },
  );

  test.each(['2024-11-05', '2025-06-18', '2025-11-25', MODERN, 'banana'])('is rejected in revision %s (B-21)', (value) => {
    expect(era(version('2025-03-26'), batch)).toBe('legacy');
    expect(era(version(value), batch)).toBe('envelope.invalid -32600');
  });

  test('is rejected with a modern message in it (B-21, B-57)', () => {
    expect(era(version('2025-03-26'), [request(), call])).toBe('envelope.invalid -32600');
    expect(era([], [call])).toBe('envelope.invalid -32600');
  });
});
