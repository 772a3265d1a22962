// The words of the page for limits and for the parts that keep something for the gateway.
import { expect, test } from 'vitest';
import { limitWords, storeStatuses } from '../../src/app/limit-words.js';
import type { ResolvedConfig } from '../../src/config/resolved-config.js';
import type { GatewayState } from '../../src/observe/gateway-state.js';

const rate = (burst: number, windowSeconds: number) => ({ ratePerMinute: (60 * burst) / windowSeconds, burst, windowSeconds });

test('each limit of an endpoint has a line', () => {
  expect(limitWords(null)).toEqual([]);
  expect(
    limitWords({
      perPrincipal: rate(100, 10),
      perClient: rate(50, 60),
      perEndpoint: rate(1000, 1),
      perTool: new Map([['export_*', rate(6, 60)]]),
    }),
  ).toEqual([
    '100 calls in 10 s for each principal',
    '50 calls in 60 s for each client',
    '1000 calls in 1 s for all callers together',
    '6 calls in 60 s of export_* for each principal',
  ]);
});

const stores = (storeIsUp: boolean | null, audit: object | null, onStoreDown = 'local') =>
  storeStatuses(
    { limits: () => ({ storeIsUp, limited: [] }), audit: () => audit } as unknown as GatewayState,
    { limits: { onStoreDown } } as ResolvedConfig,
  );

test('a store and an audit are shown where they are configured', () => {
  expect(stores(null, null)).toEqual([]);
  expect(stores(true, { isUp: false, written: 7, lost: 2 })).toEqual([
    { name: 'Store of limits', up: true, detail: null },
    { name: 'Audit', up: false, detail: '7 records written, 2 lost' },
  ]);
});

test.each([
  ['local', 'Until it is back, each process counts on its own.'],
  ['reject', 'Until it is back, calls with a limit get 503.'],
])('with onStoreDown: %s the page says what a store that is away means', (onStoreDown, detail) => {
  expect(stores(false, null, onStoreDown)).toEqual([{ name: 'Store of limits', up: false, detail }]);
});
