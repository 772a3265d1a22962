// States of a gateway for tests of its page and of `/status`.
import type { EndpointStatus, GatewayStatus, IssuerStatus, Refusal } from '../../src/core/status.js';

export const endpointStatus = (more: Partial<EndpointStatus> = {}): EndpointStatus => ({
  name: '/mcp',
  path: '/mcp',
  hosts: [],
  resources: ['https://mcp.example.com/mcp'],
  issuers: ['https://a.example'],
  upstream: 'http://10.0.0.1:3000',
  requests: 10,
  refused: 2,
  errors: 0,
  inUse: 1,
  limit: 64,
  openStreams: 3,
  streamsInUse: 2,
  streamLimit: 8,
  limits: [],
  ...more,
});

export const issuerStatus = (more: Partial<IssuerStatus> = {}): IssuerStatus => ({
  issuer: 'https://a.example',
  usesKeys: true,
  up: true,
  keys: 2,
  keysAgeSeconds: 90,
  introspectionUp: null,
  lastError: null,
  ...more,
});

export const refusal = (more: Partial<Refusal> = {}): Refusal => ({
  at: '2026-11-30T12:00:00.000Z',
  count: 1,
  reason: 'token.expired',
  blame: 'caller',
  status: 401,
  endpoint: '/mcp',
  method: 'tools/call',
  name: 'read_file',
  clientAddress: '10.0.0.9',
  requestId: 'request-1',
  detail: null,
  action: 'Use `exp`.',
  ...more,
});

const GOOD = { ok: true, at: null, lastSuccessAt: '2026-11-30T11:00:00.000Z', problems: null, succeeded: 0, failed: 0 };

/** Nothing in it needs attention. */
export const gatewayStatus = (more: Partial<GatewayStatus> = {}): GatewayStatus => ({
  version: '1.2.3',
  now: '2026-11-30T12:00:30.000Z',
  startedAt: '2026-11-30T11:00:00.000Z',
  uptimeSeconds: 3630,
  ready: true,
  processes: 1,
  requestsInFlight: 1,
  config: { generation: 1, hash: '0123456789ab', reloads: [{ part: 'config', ...GOOD }] },
  endpoints: [endpointStatus()],
  issuers: [issuerStatus()],
  apiKeys: null,
  stores: [],
  refusals: [refusal()],
  ...more,
});

export const failedReload = {
  ...GOOD,
  part: 'config' as const,
  ok: false,
  at: '2026-11-30T12:00:00.000Z',
  problems: 'line 3: x',
  failed: 1,
};
