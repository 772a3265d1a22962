// The line of a reload names endpoints: bounded lists, and the number of each.
import { expect, test } from 'vitest';
import { endpointChanges, endpointFields } from '../../src/app/endpoint-changes.js';
import { parseYaml } from '../../src/config/load.js';
import { atOnce } from '../../src/core/slices.js';

const config = (endpoints: readonly Record<string, unknown>[]) =>
  parseYaml(
    JSON.stringify({
      publicUrl: 'https://mcp.example.com',
      issuers: { main: { issuer: 'https://auth.example.com' } },
      endpoints: endpoints.map((one) => ({ issuers: ['main'], upstream: 'http://10.0.0.5:3000/mcp', ...one })),
    }),
    {},
  );
const changes = (before: readonly Record<string, unknown>[], after: readonly Record<string, unknown>[]) =>
  atOnce(endpointChanges(config(before), config(after)));
const many = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => ({ path: `/${from + i}/mcp` }));

test('added, removed and changed endpoints, by name', () => {
  expect(
    changes([{ path: '/a' }, { path: '/b' }, { path: '/c' }], [{ path: '/a' }, { path: '/b', scopes: ['x'] }, { path: '/d' }]),
  ).toEqual({
    added: ['/d'],
    addedCount: 1,
    removed: ['/c'],
    removedCount: 1,
    changed: ['/b'],
    changedCount: 1,
  });
});

test('a second host changes the endpoint', () => {
  const found = changes([{ path: '/a', host: 'a.example.com' }], [{ path: '/a', host: ['a.example.com', 'b.example.com'] }]);
  expect(found).toMatchObject({ changedCount: 1 });
});

test('equal endpoints: no field', () => expect(changes(many(0, 3), many(0, 3))).toEqual({}));

test('501 endpoints: 20 names in a field', () => {
  const found = changes(many(0, 501), many(500, 1_001));
  expect([found.addedCount, found.removedCount, (found.added as string[]).length]).toEqual([500, 500, 20]);
  const fields = endpointFields(config(many(0, 501)));
  expect([fields.endpoints.length, fields.endpointCount]).toEqual([20, 501]);
  expect(JSON.stringify({ ...found, ...fields }).length).toBeLessThan(2_000);
});
