// Makes spans of calls by OpenTelemetry's semantic conventions for generative AI, v0.1.0. A call
// has a SERVER span. The request to the MCP server has a CLIENT span, and carries its context.
import type { Attributes, Context, Link, Span, SpanContext, SpanOptions } from '@opentelemetry/api';
import type { ResolvedTraces } from '../config/resolve-telemetry.js';
import type { Clock } from '../core/clock.js';
import type { Endpoint } from '../core/endpoint.js';
import type { Exchange, TraceContext } from '../core/exchange.js';
import type { Notify } from '../core/notice.js';
import type { Caller } from '../core/principal.js';
import type { RequestSummary } from '../core/request-summary.js';
import type { CallObserver } from '../core/stages.js';
import { type CallMeta, readCallMeta } from '../mcp/call-meta.js';
import { credentialOf } from './log-fields.js';
import { exporterOptions, loading, ownAttributes, SCOPE } from './opentelemetry.js';
import { errorAttributes } from './operations.js';
import {
  type Described,
  describeCall,
  describeForwarded,
  describeRequest,
} from './span-attributes.js';
import { headerContext, metaContext, type RemoteContext, traceparentOf } from './trace-context.js';

export interface Traces extends Pick<CallObserver, 'forwarding'> {
  record(summary: RequestSummary): void;
  close(): Promise<void>;
}

/** The spans of a forwarded message. */
interface OpenSpans extends TraceContext {
  readonly servers: readonly Span[];
  readonly client: Span;
}

const isOpen = (trace: TraceContext | null): trace is OpenSpans =>
  trace !== null && 'servers' in trace;

/** Spans that are sent together. */
const BATCH_MS = 1_000;

const packages = () =>
  loading('traces.otlp', () =>
    Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/sdk-trace-base'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
    ]),
  );

/** Rejects with DestinationError where a package is not installed. */
export const loadTraces: () => Promise<unknown> = packages;

/** Rejects with DestinationError. It does not wait for the collector. */
export async function createTraces(
  { otlp, sampleRatio }: ResolvedTraces,
  version: string,
  clock: Clock,
  notify: Notify,
): Promise<Traces> {
  const [api, sdk, { OTLPTraceExporter }, { resourceFromAttributes }] = await packages();
  const { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace: traceApi } = api;
  const TRUSTED = api.createContextKey('a verified caller');
  const byRatio = new sdk.TraceIdRatioBasedSampler(sampleRatio);
  const byParent = new sdk.ParentBasedSampler({ root: byRatio });
  const exporter = new OTLPTraceExporter(exporterOptions(otlp));
  let failing = false;
  const provider = new sdk.BasicTracerProvider({
    resource: resourceFromAttributes(ownAttributes(version)),
    sampler: {
      // Any client can set the flag of its traceparent. Only verified callers may choose.
      shouldSample: (context, ...rest) => {
        const sampler = context.getValue(TRUSTED) === true ? byParent : byRatio;
        return sampler.shouldSample(context, ...rest);
      },
      toString: () => 'Portcullis',
    },
    spanProcessors: [
      new sdk.BatchSpanProcessor(
        {
          export: (spans, done) =>
            exporter.export(spans, (result) => {
              const fails = result.code !== 0;
              if (fails && !failing)
                notify({
                  event: 'traces.unavailable',
                  level: 'warn',
                  detail: result.error?.message,
                });
              failing = fails;
              done(result);
            }),
          shutdown: () => exporter.shutdown(),
          forceFlush: () => exporter.forceFlush(),
        },
        { scheduledDelayMillis: BATCH_MS },
      ),
    ],
  });
  const tracer = provider.getTracer(SCOPE, version);

  const remote = ({ traceId, spanId, flags, tracestate }: RemoteContext): SpanContext => ({
    traceId,
    spanId,
    traceFlags: flags,
    isRemote: true,
    ...(tracestate !== null && { traceState: api.createTraceState(tracestate) }),
  });

  /** The context in `_meta` is that of the call. The header is that of the transport: a link. */
  function parentOf(
    exchange: Exchange,
    meta: CallMeta | undefined,
    isTrusted: boolean,
  ): { context: Context; links: Link[] } {
    const ofCall = metaContext(meta);
    const ofRequest = headerContext(exchange);
    const parent = ofCall ?? ofRequest;
    const base = ROOT_CONTEXT.setValue(TRUSTED, isTrusted);
    if (parent === null) return { context: base, links: [] };
    const isElsewhere = ofRequest !== null && ofRequest.spanId !== parent.spanId;
    return {
      context: traceApi.setSpanContext(base, remote(parent)),
      links: isElsewhere ? [{ context: remote(ofRequest) }] : [],
    };
  }

  /** A span that is not sampled has neither name nor attributes: they cost most (measured). */
  function start(describe: () => Described, options: SpanOptions, context: Context): Span {
    const span = tracer.startSpan('', options, context);
    if (!span.isRecording()) return span;
    const { name, attributes } = describe();
    return span.updateName(name).setAttributes(attributes);
  }

  function startServer(
    describe: () => Described,
    { context, links }: ReturnType<typeof parentOf>,
    startedMs: number,
  ): Span {
    const startTime = clock.wallMs() - (clock.monotonicMs() - startedMs);
    return start(describe, { kind: SpanKind.SERVER, links, startTime }, context);
  }

  const isTrusted = (caller: Caller | null): boolean =>
    caller !== null && caller.kind !== 'pass-through';

  function startServers(
    {
      exchange,
      endpoint,
      caller,
      message,
    }: Pick<RequestSummary, 'exchange' | 'caller' | 'message'> & {
      readonly endpoint: Endpoint;
    },
    startedMs: number,
  ): Span[] {
    const calls = message?.calls ?? [];
    const metas = message === null ? [] : readCallMeta(message.body);
    return calls.flatMap((call, i) => {
      if (call.method === null) return [];
      const parent = parentOf(exchange, metas[i], isTrusted(caller));
      return [startServer(() => describeCall(exchange, endpoint, call), parent, startedMs)];
    });
  }

  /** Below the first span of a batch, which waited once. */
  function addWaits(parent: Span, { waits, caller }: RequestSummary): void {
    const context = traceApi.setSpan(ROOT_CONTEXT.setValue(TRUSTED, true), parent);
    const wallMs = (monotonicMs: number) => clock.wallMs() - (clock.monotonicMs() - monotonicMs);
    for (const { step, startedMs, endedMs } of waits) {
      const attributes: Attributes =
        step === 'authenticate' ? { 'portcullis.credential': credentialOf(caller) } : {};
      tracer
        .startSpan(step, { attributes, startTime: wallMs(startedMs) }, context)
        .end(wallMs(endedMs));
    }
  }

  function end(span: Span, { failure, status }: RequestSummary): void {
    span.setAttribute('http.response.status_code', status);
    if (failure !== null) {
      const { reason, message } = failure.definition;
      span.setAttributes({ ...errorAttributes(failure), 'portcullis.reason': reason });
      span.setStatus({ code: SpanStatusCode.ERROR, message: message ?? reason });
    }
    span.end(clock.wallMs());
  }

  return {
    forwarding(exchange, endpoint, caller, message, startedMs) {
      const servers = startServers({ exchange, endpoint, caller, message }, startedMs);
      const [first] = servers;
      const call = message.calls.find(({ method }) => method !== null);
      if (first === undefined || call === undefined) return;
      const client = start(
        () => describeForwarded(exchange, endpoint, call),
        { kind: SpanKind.CLIENT, startTime: clock.wallMs() },
        traceApi.setSpan(ROOT_CONTEXT.setValue(TRUSTED, true), first),
      );
      const { traceId, spanId, traceFlags, traceState } = client.spanContext();
      const open: OpenSpans = {
        traceparent: traceparentOf({ traceId, spanId, flags: traceFlags }),
        tracestate: traceState?.serialize() ?? null,
        servers,
        client,
      };
      exchange.trace = open;
    },
    record(summary) {
      const { exchange, endpoint, caller, message, failure, durationMs } = summary;
      if (isOpen(exchange.trace)) {
        const { client, servers } = exchange.trace;
        if (servers[0] !== undefined) addWaits(servers[0], summary);
        for (const span of [client, ...servers]) end(span, summary);
        return;
      }
      // Pages and CORS preflights have no span.
      if (endpoint === null || (caller === null && failure === null)) return;
      const startedMs = clock.monotonicMs() - durationMs;
      const servers = startServers({ exchange, endpoint, caller, message }, startedMs);
      if (servers.length === 0 && failure !== null) {
        const parent = parentOf(exchange, undefined, isTrusted(caller));
        servers.push(startServer(() => describeRequest(exchange, endpoint), parent, startedMs));
      }
      const [first] = servers;
      if (first === undefined) return;
      addWaits(first, summary);
      for (const span of servers) end(span, summary);
      const { traceId, spanId, traceFlags: flags } = first.spanContext();
      // The audit names it.
      exchange.trace = { traceparent: traceparentOf({ traceId, spanId, flags }), tracestate: null };
    },
    close: () => provider.shutdown().catch(() => {}),
  };
}
