// The requests of each API key in the metrics: by fingerprint, and for a bounded number of keys.
import { expect, test } from 'vitest';
import * as failures from '../../src/core/failures.js';
import { createMetrics } from '../../src/observe/metrics.js';
import { rejectKey } from '../../src/verify/authenticators/api-key.js';
import { apiKey, endpoint, KEY, keyCaller, passThroughCaller, principal } from '../support/endpoint.js';
import { outcome } from '../support/outcome.js';

const NAME = 'portcullis_api_key_requests_total';
const FINGERPRINT = apiKey().sha256.slice(0, 8);
const linesOf = async (metrics: ReturnType<typeof createMetrics>): Promise<string[]> =>
  (await metrics.text())
    .split('\n')
    .filter((line) => line.startsWith(NAME))
    .sort();

test('counts the key itself, its bridge token and its rejections together', async () => {
  const metrics = createMetrics();
  const key = apiKey();
  metrics.request(outcome({ caller: keyCaller(key) }));
  metrics.request(outcome({ caller: keyCaller(key, 'bridge') }));
  metrics.request(
    outcome({ caller: keyCaller(apiKey(KEY, { scopes: [] })), failure: failures.scopeInsufficient(), status: 403 }),
  );
  const sunset = rejectKey(apiKey(KEY, { sunsetMs: 1 }), endpoint(), 2);
  metrics.request(outcome({ caller: null, failure: sunset, status: 401 }));
  metrics.request(outcome({ caller: keyCaller(apiKey('sk_live_other')) }));
  const other = apiKey('sk_live_other').sha256.slice(0, 8);
  expect(await linesOf(metrics)).toEqual(
    [
      `${NAME}{fingerprint="${FINGERPRINT}",status="2xx"} 2`,
      `${NAME}{fingerprint="${FINGERPRINT}",status="4xx"} 2`,
      `${NAME}{fingerprint="${other}",status="2xx"} 1`,
    ].sort(),
  );
});

test('counts no other caller, and no key that the registry does not know', async () => {
  const metrics = createMetrics();
  for (const caller of [principal(), passThroughCaller(), null]) metrics.request(outcome({ caller }));
  metrics.request(outcome({ caller: null, failure: failures.keyUnknown(), status: 401 }));
  expect(await linesOf(metrics)).toEqual([]);
});

test('has a series for each of the first 1,000 keys, and one for all others', async () => {
  const metrics = createMetrics();
  const keys = Array.from({ length: 1_500 }, (_, at) =>
    apiKey(KEY, { name: `k${at}`, sha256: at.toString(16).padStart(8, '0').padEnd(64, 'f') }),
  );
  for (const key of [...keys, ...keys]) metrics.request(outcome({ caller: keyCaller(key) }));
  const lines = await linesOf(metrics);
  expect(lines).toHaveLength(1_001);
  expect(lines).toContain(`${NAME}{fingerprint="other",status="2xx"} 1000`);
  expect(lines).toContain(`${NAME}{fingerprint="000003e7",status="2xx"} 2`);
  // A key that has a series keeps it after a reload that changed its entry.
  metrics.request(outcome({ caller: keyCaller(apiKey(KEY, { sha256: keys[0]?.sha256 as string, tenant: null })) }));
  expect(await linesOf(metrics)).toContain(`${NAME}{fingerprint="00000000",status="2xx"} 3`);
});
