// Measures MCP operations: the metric `mcp.server.operation.duration` of OpenTelemetry's semantic
// conventions for generative AI, v0.1.0. Callers choose methods and names, so both are bounded.
import type { Exchange } from '../core/exchange.js';
import { singleHeader } from '../core/exchange.js';
import type { Failure } from '../core/failure.js';
import type { Call } from '../core/message.js';
import type { RequestSummary } from '../core/request-summary.js';
import { COMPLETE, METHODS, SUBSCRIBE } from '../mcp/methods.js';
import { SUPPORTED_VERSIONS } from '../mcp/versions.js';
import type { Value } from './gateway-state.js';
import { createHistogram, type Histogram, histogramValues, observe } from './histogram.js';
import { carriersOf, METHOD_FIELD, nameField, shorten } from './log-fields.js';

export const OPERATIONS = 'mcp_server_operation_duration_seconds';
export const OPERATIONS_HELP =
  'Duration of MCP requests and notifications, in seconds, by the attributes of OpenTelemetry.';
/** The bounds of the conventions, in seconds. */
export const OPERATION_BUCKETS: readonly number[] = [
  0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300,
];

const OTHER = '_OTHER';
/** Names of tools and prompts with series of their own. Later ones share `_OTHER`. */
const MOST_NAMES = 200;
const TOOL = 'gen_ai.tool.name';
const NAMED: readonly string[] = [TOOL, 'gen_ai.prompt.name'];

export type Attributes = Readonly<Record<string, string>>;

/**
 * `error.type` and `rpc.response.status_code` of a failure. The gateway reads no result, so an
 * error that the MCP server puts into its answer does not show here.
 */
export function errorAttributes(failure: Failure | null): Attributes {
  if (failure === null) return {};
  const { code, status, reason } = failure.definition;
  if (code === null || status === null) return { 'error.type': reason };
  return { 'error.type': String(code), 'rpc.response.status_code': String(code) };
}

/**
 * The attributes that the span of a call and its metric share, beside its names. It makes no
 * objects to spread: each call would pay for them (measured).
 */
export function protocolAttributes(exchange: Exchange, call: Call): Attributes {
  const version = singleHeader(exchange, 'mcp-protocol-version');
  const attributes: Record<string, string> = {};
  if (call.method === 'tools/call') attributes['gen_ai.operation.name'] = 'execute_tool';
  if (typeof version === 'string' && SUPPORTED_VERSIONS.includes(version))
    attributes['mcp.protocol.version'] = version;
  attributes['network.protocol.name'] = 'http';
  attributes['network.protocol.version'] = exchange.version;
  attributes['network.transport'] = 'tcp';
  return attributes;
}

const isKnown = (method: string): boolean =>
  METHODS.has(method) || method === COMPLETE || method === SUBSCRIBE;

export interface Operations {
  record(summary: RequestSummary): void;
  /** The lines of the histogram for Prometheus. */
  values(): readonly Value[];
}

/** `send`: gets each duration too, for a collector. */
export function createOperations(
  send: ((seconds: number, attributes: Attributes) => void) | null = null,
): Operations {
  const names = new Set<string>();
  const series = new Map<string, { readonly attributes: Attributes; readonly counts: Histogram }>();

  /** Only an answer of the MCP server makes a name one of its own. */
  function boundedName(name: string, failure: Failure | null): string {
    if (names.has(name)) return name;
    if (failure !== null || names.size >= MOST_NAMES) return OTHER;
    names.add(name);
    return name;
  }

  function attributesOf(summary: RequestSummary, call: Call, method: string): Attributes {
    const { exchange, failure } = summary;
    const field = nameField(call);
    const name = shorten(call.name, carriersOf(summary));
    const attributes: Record<string, string> = {};
    attributes[METHOD_FIELD] = isKnown(method) ? method : OTHER;
    if (field !== null && NAMED.includes(field) && name !== undefined)
      attributes[field] = boundedName(name, failure);
    return Object.assign(attributes, errorAttributes(failure), protocolAttributes(exchange, call));
  }

  return {
    record(summary) {
      const seconds = summary.durationMs / 1000;
      for (const call of summary.message?.calls ?? []) {
        if (call.method === null) continue;
        const attributes = attributesOf(summary, call, call.method);
        const key = JSON.stringify(attributes);
        let found = series.get(key);
        if (found === undefined) {
          found = { attributes, counts: createHistogram(OPERATION_BUCKETS) };
          series.set(key, found);
        }
        observe(found.counts, OPERATION_BUCKETS, seconds);
        send?.(seconds, attributes);
      }
    },
    values: () =>
      [...series.values()].flatMap(({ attributes, counts }) => {
        const labels = Object.fromEntries(
          Object.entries(attributes).map(([name, value]) => [name.replaceAll('.', '_'), value]),
        );
        return [...histogramValues(OPERATIONS, labels, counts, OPERATION_BUCKETS)];
      }),
  };
}
