// The page of the admin listener on a real socket: its headers, its methods, what it escapes, and
// what it shows first where there is too much.
import { createHash } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { GatewayStatus } from '../../../src/core/status.js';
import { createAdminServer } from '../../../src/http/routes/admin.js';
import { ownPort } from '../../fixtures/ports.js';
import { endpointStatus, failedReload, gatewayStatus, issuerStatus, refusal } from '../../support/status.js';

const HOSTILE = `<script>alert(1)</script>'"><img src=x onerror=alert(1)>&amp;`;

type Ask = (path?: string, options?: RequestInit) => Promise<Response>;

async function served(status: GatewayStatus): Promise<Ask> {
  const metrics = { contentType: 'text/plain', text: () => Promise.resolve('') };
  const readiness = { isReady: () => true };
  const server = createAdminServer({ hosts: () => [], readiness, metrics, status: () => Promise.resolve(status) });
  const port = await ownPort();
  await new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve()).closeAllConnections()));
  return (path = '/', options = {}) =>
    fetch(`http://127.0.0.1:${port}${path}`, { ...options, signal: AbortSignal.timeout(5000) });
}

const pageOf = async (status: GatewayStatus, path?: string): Promise<string> => (await (await served(status))(path)).text();

describe('the page', () => {
  test('may load nothing, is never stored, and its policy has the hash of its style', async () => {
    const response = await (await served(gatewayStatus()))();
    const page = await response.text();
    const [, style = ''] = /<style>([\s\S]*)<\/style>/.exec(page) ?? [];
    const hash = createHash('sha256').update(style).digest('base64');
    expect(response.headers.get('content-security-policy')).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
    );
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('content-type')).toBe('text/html; charset=UTF-8');
    expect(page).not.toMatch(/<script|<iframe| style=| on[a-z]+=|(src|href)="?(https?:)?\/\//i);
  });

  test('shows each part', async () => {
    const page = await pageOf(
      gatewayStatus({
        apiKeys: { count: 3, nextSunset: '2027-06-01T00:00:00.000Z' },
        stores: [{ name: 'Limits', up: true, detail: 'redis://10.0.0.7' }],
        endpoints: [endpointStatus({ limits: ['100 calls in 60 s for each principal'] })],
        processes: 2,
      }),
    );
    const parts = ['All is well.', '1.2.3', '1 hour', '0123456789ab', '2027-06-01', 'Limits', 'redis://10.0.0.7', '1 of 64'];
    const more = ['https://a.example', '1 minute', 'token.expired', '<code>exp</code>', 'read_file', '10.0.0.9', 'request-1'];
    for (const text of [...parts, ...more, '30 seconds ago', '100 calls in 60 s', 'Processes']) expect(page).toContain(text);
  });

  test('escapes every text', async () => {
    const page = await pageOf(
      gatewayStatus({
        version: HOSTILE,
        config: { generation: 1, hash: HOSTILE, reloads: [{ ...failedReload, problems: HOSTILE }] },
        endpoints: [
          endpointStatus({ name: HOSTILE, resources: [HOSTILE], issuers: [HOSTILE], upstream: HOSTILE, limits: [HOSTILE] }),
        ],
        issuers: [issuerStatus({ issuer: HOSTILE, up: false, lastError: { at: failedReload.at, detail: HOSTILE } })],
        stores: [{ name: HOSTILE, up: false, detail: HOSTILE }],
        refusals: [
          refusal({
            endpoint: HOSTILE,
            method: HOSTILE,
            name: HOSTILE,
            clientAddress: HOSTILE,
            requestId: HOSTILE,
            detail: HOSTILE,
          }),
          refusal({ reason: HOSTILE, action: `\`${HOSTILE}\`` }),
        ],
      }),
      `/?q=${encodeURIComponent('')}`,
    );
    expect(page.match(/&lt;script&gt;/g)?.length).toBeGreaterThan(15);
    expect(page).not.toMatch(/<script|<img|onerror=alert\(1\)>/);
  });

  test('escapes the filter', async () => {
    const page = await pageOf(gatewayStatus(), `/?q=${encodeURIComponent(HOSTILE)}`);
    expect(page).toContain('value="&lt;script&gt;');
    expect(page).not.toMatch(/<script|<img/);
  });

  test('shows 100 of 1,000 endpoints, those in trouble first, and the filter finds the others', async () => {
    const endpoints = Array.from({ length: 1000 }, (_, i) => endpointStatus({ name: `/t${i}/mcp`, requests: i }));
    endpoints[500] = endpointStatus({ name: '/full/mcp', inUse: 64 });
    endpoints[600] = endpointStatus({ name: '/down/mcp', issuers: ['https://down.example'] });
    endpoints[700] = endpointStatus({ name: '/failing/mcp', errors: 7 });
    const issuers = [issuerStatus(), issuerStatus({ issuer: 'https://down.example', up: false, keys: 0 })];
    const status = gatewayStatus({ endpoints, issuers });
    const rows = (page: string): string[] => [...page.matchAll(/scope="row">(\/[^<]*)/g)].map(([, name = '']) => name);
    const page = await pageOf(status);
    expect(rows(page)).toHaveLength(100);
    expect(rows(page).slice(0, 4)).toEqual(['/full/mcp', '/down/mcp', '/failing/mcp', '/t999/mcp']);
    expect(page).toContain('And 900 more');
    expect(page).toContain('Issuer https://down.example: down, no keys');
    expect(page.length).toBeLessThan(150_000);
    expect(rows(await pageOf(status, '/?q=T77%2f'))).toEqual(['/t77/mcp']);
  });

  test('loads again by itself only where the operator asks for it', async () => {
    const status = gatewayStatus();
    expect(await pageOf(status)).not.toContain('http-equiv');
    expect(await pageOf(status, '/?refresh=10&q=mcp')).toContain('<meta http-equiv="refresh" content="10">');
  });
});

test('/status has the same facts as JSON', async () => {
  const status = gatewayStatus();
  const response = await (await served(status))('/status');
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(await response.json()).toEqual(status);
});

describe.each(['/', '/status'])('%s', (path) => {
  test('answers HEAD without a body', async () => {
    const response = await (await served(gatewayStatus()))(path, { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('rejects %s', async (method) => {
    const response = await (await served(gatewayStatus()))(path, { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });
});
