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

/** `error.type` of a failure: its JSON-RPC code, or its reason where the answer has no code. */
const errorType = ({ definition: { code, status, reason } }: Failure): string =>
  code === null || status === null ? reason : String(code);

/**
 * `error.type` and `rpc.response.status_code` of a failure. The gateway reads no result, so an
 * error that the MCP server puts into its answer does not show here.
 */
export function errorAttributes(failure: Failure | null): Attributes {
  if (failure === null) return {};
  const type = errorType(failure);
  const hasCode = type !== failure.definition.reason;
  return { 'error.type': type, ...(hasCode && { 'rpc.response.status_code': type }) };
}

/** The protocol version that a request names; undefined where the gateway does not know it. */
function versionOf(exchange: Exchange): string | undefined {
  const version = singleHeader(exchange, 'mcp-protocol-version');
  return typeof version === 'string' && SUPPORTED_VERSIONS.includes(version) ? version : undefined;
}

/**
 * The attributes that the span of a call and its metric share, beside its names. It makes no
 * objects to spread: each call would pay for them (measured).
 */
export function protocolAttributes(exchange: Exchange, call: Call): Attributes {
  const version = versionOf(exchange);
  const attributes: Record<string, string> = {};
  if (call.method === 'tools/call') attributes['gen_ai.operation.name'] = 'execute_tool';
  if (version !== undefined) attributes['mcp.protocol.version'] = version;
  attributes['network.protocol.name'] = 'http';
  attributes['network.protocol.version'] = exchange.version;
  attributes['network.transport'] = 'tcp';
  return attributes;
}

const isKnown = (method: string): boolean =>
  METHODS.has(method) || method === COMPLETE || method === SUBSCRIBE;

/** The values in which the series of the metric differ. An empty text: no such attribute. */
interface Labels {
  readonly method: string;
  readonly field: string;
  readonly name: string;
  readonly version: string;
  readonly errorType: string;
}

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

  /** To make the attributes of each call costs six times as much (measured). */
  function labelsOf(summary: RequestSummary, call: Call, method: string): Labels {
    const { exchange, failure } = summary;
    const field = nameField(call);
    const name = shorten(call.name, carriersOf(summary));
    const isNamed = field !== null && NAMED.includes(field) && name !== undefined;
    return {
      method: isKnown(method) ? method : OTHER,
      field: isNamed ? field : '',
      name: isNamed ? boundedName(name, failure) : '',
      version: versionOf(exchange) ?? '',
      errorType: failure === null ? '' : errorType(failure),
    };
  }

  /** The name is last: only it has characters that a client chose. */
  const keyOf = (
    { method, field, version, errorType, name }: Labels,
    { version: http }: Exchange,
  ) => `${method}\n${field}\n${version}\n${http}\n${errorType}\n${name}`;

  function attributesOf(summary: RequestSummary, call: Call, { method, field, name }: Labels) {
    const { exchange, failure } = summary;
    const attributes: Record<string, string> = { [METHOD_FIELD]: method };
    if (field !== '') attributes[field] = name;
    return Object.assign(attributes, errorAttributes(failure), protocolAttributes(exchange, call));
  }

  return {
    record(summary) {
      const seconds = summary.durationMs / 1000;
      for (const call of summary.message?.calls ?? []) {
        if (call.method === null) continue;
        const labels = labelsOf(summary, call, call.method);
        const key = keyOf(labels, summary.exchange);
        let found = series.get(key);
        if (found === undefined) {
          const attributes = attributesOf(summary, call, labels);
          found = { attributes, counts: createHistogram(OPERATION_BUCKETS) };
          series.set(key, found);
        }
        observe(found.counts, OPERATION_BUCKETS, seconds);
        send?.(seconds, found.attributes);
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
