// Reading the trace context and the client of calls. It agrees with JSON.parse.
import { expect, test } from 'vitest';
import { readCallMeta } from '../../src/mcp/call-meta.js';

const metaOf = (message: unknown) => readCallMeta(Buffer.from(JSON.stringify(message)));
const CLIENT = 'io.modelcontextprotocol/clientInfo';

test.each([
  ['no params', { method: 'ping' }, {}],
  ['null params', { params: null }, {}],
  ['no _meta', { params: { name: 'a' } }, {}],
  ['_meta that is not an object', { params: { _meta: 'traceparent' } }, {}],
  [
    'a trace context',
    { params: { _meta: { traceparent: 'a', tracestate: 'b', baggage: 'c' } } },
    { traceparent: 'a', tracestate: 'b' },
  ],
  ['other types', { params: { _meta: { traceparent: 1, tracestate: ['b'], [CLIENT]: 'x' } } }, {}],
  [
    'a modern client',
    { params: { _meta: { [CLIENT]: { name: 'n', version: 'v', title: { a: 1 } } } } },
    { clientName: 'n', clientVersion: 'v' },
  ],
  ['a legacy client', { params: { clientInfo: { name: 'n', version: 2 } } }, { clientName: 'n' }],
  ['only at its place', { _meta: { traceparent: 'a' }, params: { arguments: { _meta: { traceparent: 'b' } } } }, {}],
  ['escapes', { params: { _meta: { traceparent: 'é"\\' } } }, { traceparent: 'é"\\' }],
])('%s', (_label, message, expected) => {
  expect(metaOf(message)).toEqual([expected]);
});

test('an escaped name is the same name', () => {
  expect(readCallMeta(Buffer.from('{"params":{"_meta":{"trace\\u0070arent":"a"}}}'))).toEqual([{ traceparent: 'a' }]);
});

test('each message of a batch, in order, and no body', () => {
  expect(
    metaOf([{ params: { _meta: { traceparent: 'a' } } }, { method: 'x' }, { params: { _meta: { tracestate: 'b' } } }]),
  ).toEqual([{ traceparent: 'a' }, {}, { tracestate: 'b' }]);
  expect(metaOf([])).toEqual([]);
  expect(readCallMeta(null)).toEqual([{}]);
});
