// The histogram of MCP operations: the attributes of the conventions, with bounded values.
import { expect, test } from 'vitest';
import * as failures from '../../src/core/failures.js';
import { createOperations, OPERATION_BUCKETS } from '../../src/observe/operations.js';
import { exchange } from '../support/exchange.js';
import { outcome } from '../support/outcome.js';

const message = (method: string | null, name: string | null) => ({
  era: 'modern' as const,
  calls: [{ method, name, idText: '1' }],
  body: null,
});
const labelsOf = (operations: ReturnType<typeof createOperations>) =>
  operations
    .values()
    .filter(({ metricName }) => metricName.endsWith('_count'))
    .map(({ labels, value }) => [labels, value]);

const PROTOCOL = { network_protocol_name: 'http', network_protocol_version: '1.1', network_transport: 'tcp' };

test('a tool call, and the buckets', () => {
  const operations = createOperations();
  const asked = exchange({ lines: [['MCP-Protocol-Version', '2026-07-28']] });
  operations.record(outcome({ exchange: asked, durationMs: 15 }));
  expect(labelsOf(operations)).toEqual([
    [
      {
        mcp_method_name: 'tools/call',
        gen_ai_tool_name: 'echo',
        gen_ai_operation_name: 'execute_tool',
        mcp_protocol_version: '2026-07-28',
        ...PROTOCOL,
      },
      1,
    ],
  ]);
  const buckets = operations.values().filter(({ metricName }) => metricName.endsWith('_bucket'));
  expect(buckets.map(({ labels, value }) => [labels.le, value]).slice(0, 3)).toEqual([
    [0.01, 0],
    [0.02, 1],
    [0.05, 1],
  ]);
  expect(buckets).toHaveLength(OPERATION_BUCKETS.length + 1);
});

test('a failure has the JSON-RPC code, or its reason', () => {
  const operations = createOperations();
  const record = (failure: ReturnType<typeof failures.toolDenied>) =>
    operations.record(outcome({ message: message('ping', null), failure }));
  record(failures.toolDenied());
  record(failures.clientDisconnected());
  expect(labelsOf(operations).map(([labels]) => labels)).toEqual([
    { mcp_method_name: 'ping', error_type: '-31403', rpc_response_status_code: '-31403', ...PROTOCOL },
    { mcp_method_name: 'ping', error_type: 'client.disconnected', ...PROTOCOL },
  ]);
});

test('no client makes series without bound', () => {
  const operations = createOperations();
  for (let i = 0; i < 1_000; i += 1) {
    const asked = exchange({ lines: [['MCP-Protocol-Version', `2099-01-${i}`]] });
    operations.record(outcome({ exchange: asked, message: message('tools/call', `tool-${i}`) }));
    operations.record(outcome({ message: message(`own/${i}`, null) }));
    operations.record(outcome({ message: message('tools/call', `denied-${i}`), failure: failures.toolDenied() }));
  }
  // 200 names and _OTHER, the unknown methods, the denied names.
  expect(labelsOf(operations)).toHaveLength(203);
});

test('a response of the client and a GET are not operations', () => {
  const operations = createOperations();
  operations.record(outcome({ message: message(null, null) }));
  operations.record(outcome({ message: { era: 'legacy', calls: [], body: null } }));
  operations.record(outcome({ message: null }));
  expect(operations.values()).toEqual([]);
});
