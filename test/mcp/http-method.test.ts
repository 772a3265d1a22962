// The HTTP methods that each revision accepts.
import { expect, test } from 'vitest';
import { checkMethod } from '../../src/mcp/http-method.js';
import { exchange, type Lines } from '../support/exchange.js';

const refused = (method: string, ...versions: string[]) => {
  const lines: Lines = versions.map((version) => ['MCP-Protocol-Version', version] as const);
  const failure = checkMethod(exchange({ method, lines }));
  return failure === null ? 'ok' : `${failure.definition.reason}; ${failure.allow}`;
};

test.each([[], ['2025-03-26'], ['2025-06-18'], ['2025-11-25'], ['2026-07-28'], ['banana']])(
  'POST passes, version %s (B-01)',
  (...versions) => {
    expect(refused('POST', ...versions)).toBe('ok');
  },
);

test.each([
  ['GET', undefined],
  ['GET', '2025-11-25'],
  ['DELETE', undefined],
  ['DELETE', '2025-06-18'],
])('%s passes in the legacy revisions, version %s (B-03, B-04)', (method, version) => {
  expect(refused(method, ...(version === undefined ? [] : [version]))).toBe('ok');
});

test.each(['GET', 'DELETE', 'HEAD', 'PUT'])('%s in revision 2026-07-28 is rejected with Allow: POST (B-02)', (method) => {
  expect(refused(method, '2026-07-28')).toBe('method.refused; POST');
});

test.each(['HEAD', 'PUT', 'PATCH', 'PROPFIND', 'get', ''])('%s is rejected with the allowed methods (B-05, C-146)', (method) => {
  expect(refused('GET')).toBe('ok');
  expect(refused(method)).toBe('method.refused; GET, POST, DELETE');
});

test('a repeated version header does not count as modern; the next step rejects it (B-58)', () => {
  expect(refused('GET', '2026-07-28', '2026-07-28')).toBe('ok');
  expect(refused('PUT', '2026-07-28', '2026-07-28')).toBe('method.refused; GET, POST, DELETE');
});
