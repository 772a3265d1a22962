// The record of an exchange that is over, as the corridor tells it.
import type { RequestSummary } from '../../src/core/request-summary.js';
import { endpoint, principal } from './endpoint.js';
import { exchange } from './exchange.js';

export const TOKEN = 'eyJhbGciOiJSUzI1NiJ9.c2VjcmV0LXBheWxvYWQ.c2VjcmV0LXNpZ25hdHVyZQ';

export function outcome(changes: Partial<RequestSummary> = {}): RequestSummary {
  const lines = [
    ['Host', 'mcp.example.com'],
    ['Authorization', `Bearer ${TOKEN}`],
    ['Cookie', 'session=secret-cookie'],
  ] as const;
  return {
    exchange: exchange({ lines, target: '/mcp?secret-query=1', body: '{"secret-body":1}' }),
    page: false,
    endpoint: endpoint(),
    caller: principal(),
    message: {
      era: 'modern',
      calls: [{ method: 'tools/call', name: 'echo', idText: '"secret-id"' }],
      body: Buffer.from('{"secret-body":1}'),
    },
    failure: null,
    status: 200,
    durationMs: 1.23456,
    waits: [],
    ...changes,
  };
}
