// The ids of exchanges.
import { expect, test } from 'vitest';
import { nextExchangeId } from '../../src/http/exchange-id.js';

test('each id is new, and none has 404 or 405, which mcp-remote would take for a status', () => {
  const ids = Array.from({ length: 50_000 }, nextExchangeId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.filter((id) => /40[45]/.test(id))).toEqual([]);
  expect(ids[0]).toMatch(/^[\w-]{12}-\d+$/);
});
