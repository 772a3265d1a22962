// The metrics: every exchange counts once, with labels that no client can choose.
import { describe, expect, test } from 'vitest';
import * as failures from '../../src/core/failures.js';
import { failureTable } from '../../src/core/failures.js';
import { createMetrics } from '../../src/observe/metrics.js';
import { endpoint, passThroughCaller, principal } from '../support/endpoint.js';
import { exchange } from '../support/exchange.js';
import { outcome, TOKEN } from '../support/outcome.js';

const linesOf = (text: string, name: string): string[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith(name))
    .sort();
const REQUESTS = 'portcullis_http_requests_total';

describe('the counter', () => {
  test('counts each exchange once, by endpoint and reason', async () => {
    const metrics = createMetrics();
    metrics.request(outcome());
    metrics.request(outcome());
    metrics.request(outcome({ failure: failures.tokenExpired(), status: 401 }));
    metrics.request(outcome({ endpoint: endpoint({ path: '/b' }) }));
    metrics.request(outcome({ endpoint: null, failure: failures.routeUnknown(), status: 404 }));
    metrics.unreadable(failures.connectionTooSlow());
    const expected = [
      `${REQUESTS}{endpoint="/b",reason="ok",status="2xx"} 1`,
      `${REQUESTS}{endpoint="/mcp",reason="ok",status="2xx"} 2`,
      `${REQUESTS}{endpoint="/mcp",reason="token.expired",status="4xx"} 1`,
      `${REQUESTS}{endpoint="none",reason="connection.too_slow",status="4xx"} 1`,
      `${REQUESTS}{endpoint="none",reason="route.unknown",status="4xx"} 1`,
    ];
    expect(linesOf(await metrics.text(), REQUESTS)).toEqual(expected);
    expect(linesOf(await metrics.text(), REQUESTS)).toEqual(expected);
    metrics.request(outcome());
    expect(linesOf(await metrics.text(), REQUESTS)[1]).toBe(`${REQUESTS}{endpoint="/mcp",reason="ok",status="2xx"} 3`);
  });

  test('has every reason of the table as a label', async () => {
    const metrics = createMetrics();
    for (const definition of failureTable) metrics.request(outcome({ failure: { ok: false, definition } }));
    expect(linesOf(await metrics.text(), REQUESTS)).toHaveLength(failureTable.length);
  });

  test('gets no new time series from values that a client sends (C-153)', async () => {
    const metrics = createMetrics();
    const callers = [
      principal({ subject: 'mallory', client: TOKEN, issuer: 'https://x.example' }),
      passThroughCaller('secret'),
      null,
    ];
    const message = { era: 'legacy' as const, calls: [{ method: 'x/y', name: 'secret', idText: '1' }], body: null };
    for (const caller of callers)
      metrics.request(outcome({ caller, message, exchange: exchange({ method: 'SECRET', target: '/secret' }) }));
    const text = await metrics.text();
    expect(linesOf(text, REQUESTS)).toEqual([`${REQUESTS}{endpoint="/mcp",reason="ok",status="2xx"} 3`]);
    expect(text).not.toMatch(/secret|mallory|eyJ|x\.example/i);
  });
});

describe('the histogram', () => {
  test('measures seconds', async () => {
    const metrics = createMetrics();
    metrics.request(outcome({ durationMs: 3 }));
    metrics.request(outcome({ durationMs: 1500 }));
    const text = await metrics.text();
    const bucket = (le: string): string =>
      `portcullis_http_request_duration_seconds_bucket{le="${le}",endpoint="/mcp",reason="ok"}`;
    expect(text).toContain(`${bucket('0.0025')} 0\n`);
    expect(text).toContain(`${bucket('0.005')} 1\n`);
    expect(text).toContain(`${bucket('1')} 1\n`);
    expect(text).toContain(`${bucket('2.5')} 2\n`);
    expect(text).toContain('portcullis_http_request_duration_seconds_sum{endpoint="/mcp",reason="ok"} 1.503\n');
    expect(text).toContain('portcullis_http_request_duration_seconds_count{endpoint="/mcp",reason="ok"} 2\n');
  });

  test('does not count requests that never became an exchange', async () => {
    const metrics = createMetrics();
    metrics.unreadable(failures.connectionBadRequest());
    const counts = linesOf(await metrics.text(), 'portcullis_http_request_duration_seconds_count');
    expect(counts.filter((line) => !line.endsWith(' 0'))).toEqual([]);
  });
});

test('two gateways in one process count separately', async () => {
  const [one, other] = [createMetrics(), createMetrics()];
  one.request(outcome());
  expect(linesOf(await one.text(), REQUESTS)).toHaveLength(1);
  expect(linesOf(await other.text(), REQUESTS)).toEqual([]);
  expect(one.contentType).toMatch(/^text\/plain; version=0\.0\.4/);
});
