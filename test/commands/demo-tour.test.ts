// The tour of the demo: each step compares the answers and the log of a real gateway.
import { expect, test } from 'vitest';
import { run } from './in-process.js';

test('every step is right, and the exit code says so', { timeout: 30_000 }, async () => {
  const { code, output } = await run(['demo', '--once']);
  expect(output).not.toContain('FAILED');
  expect(output).toMatch(/"The access token is invalid"; the log has the reason: token\.signature/);
  expect(output).toMatch(/"The access token is not for this server"; the log has the reason: audience\.mismatch/);
  expect(output).toMatch(/no challenge \(introspection\.unavailable\)/);
  expect(code).toBe(0);
});
