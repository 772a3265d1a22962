// The error of a Bearer challenge, and the headers that have none.
import { expect, test } from 'vitest';
import { bearerErrorOf } from '../../../src/verify/introspection/challenge.js';

test.each<[string | string[] | undefined, string | undefined]>([
  ['Bearer error="invalid_token"', 'invalid_token'],
  ['Bearer error=invalid_token', 'invalid_token'],
  ['bearer realm="a, b", error = "invalid_token", error_description="no \\"error=x\\" here"', 'invalid_token'],
  ['error="invalid_token"', 'invalid_token'],
  [['Bearer realm="x"', 'Bearer error="invalid_token"'], 'invalid_token'],
  ['Bearer error="insufficient_scope"', 'insufficient_scope'],
  ['Bearer error_description="error=invalid_token"', undefined],
  ['Bearer realm="x\\", error=invalid_token"', undefined],
  ['Bearer', undefined],
  ['', undefined],
  [undefined, undefined],
  ['Basic realm="x"', 'other scheme'],
  ['Basic realm="x", Bearer error="invalid_token"', 'other scheme'],
  [['Bearer error="invalid_token"', 'Basic realm="x"'], 'other scheme'],
  ['Negotiate YII==', 'other scheme'],
  ['DPoP error="invalid_token"', 'other scheme'],
])('%j: %s', (header, error) => expect(bearerErrorOf(header)).toBe(error));

test('a long header is read quickly', () => {
  const started = performance.now();
  for (const text of [
    'a'.repeat(16_000),
    ' '.repeat(16_000),
    'a="'.repeat(5_000),
    'a ='.repeat(5_000),
    `a="${'\\'.repeat(16_000)}`,
  ])
    bearerErrorOf(`Bearer ${text}`);
  expect(performance.now() - started).toBeLessThan(500);
});
