// Forwards an allowed message to the upstream of one endpoint: once, under a cap. It never sends a
// message again, because the upstream may have executed it (C-140, no retried POST).
import type { Clock } from '../core/clock.js';
import type { Endpoint } from '../core/endpoint.js';
import type { Admission, Transport } from '../core/endpoint-runtime.js';
import { upstreamLoop } from '../core/failures.js';
import { type Message, requestId } from '../core/message.js';
import type { Caller } from '../core/principal.js';
import type { ListView } from '../mcp/lists.js';
import { isListening } from '../mcp/methods.js';
import { chooseRelay } from './choose-relay.js';
import type { OpenStream } from './event-stream.js';
import { GetStream } from './get-stream.js';
import { isLoop, replaceTraceContext, requestFields, requestHeaders } from './headers.js';
import type { Slot, UpstreamPool } from './pool.js';
import { createReconnects } from './reconnects.js';
import type { OpenSession } from './sessions.js';
import { type Prepared, WaitingRequest } from './waiting-request.js';

export interface TransportDependencies {
  readonly endpoint: Endpoint;
  readonly pool: UpstreamPool;
  readonly admission: Admission;
  readonly openStream: OpenStream;
  readonly openSession: OpenSession;
  /** The lists to filter in an answer; null: relay it as it is. */
  readonly listView: (caller: Caller, message: Message) => ListView | null;
  /** The name of this deployment in `Via`. All its replicas share it. */
  readonly pseudonym: string;
  readonly clock: Clock;
}

/** Headers with API keys of callers, and those that only the gateway may set. */
const ownHeaders = ({ apiKeys, upstreamCredential, upstreamHeaders }: Endpoint): string[] => [
  ...apiKeys.map(({ header }) => header),
  ...upstreamHeaders.map(({ name }) => name),
  ...(upstreamCredential.kind === 'static' ? [upstreamCredential.header] : []),
];

export function createTransport(dependencies: TransportDependencies): Transport {
  const { endpoint, pool, openStream, openSession, listView, pseudonym, clock, admission } =
    dependencies;
  const { upstream } = endpoint;
  const { target } = upstream;
  const fields = requestFields(endpoint.forwardHeaders, ownHeaders(endpoint));
  const reconnects = createReconnects(clock);
  const credentialKind = endpoint.upstreamCredential.kind;
  const addsComments = endpoint.streams.keepAliveSeconds > 0;

  function send(slot: Slot, prepared: Prepared): void {
    const { exchange, caller, message, headers, session, view, held, listener } = prepared;
    const { generation, credentialHeaders } = prepared;
    const { era } = message;
    const context = {
      exchange,
      era,
      caller,
      upstream,
      credentialHeaders,
      credentialKind,
      held,
      slot,
      session,
      idText: requestId(message),
      addsComments,
      openStream,
      admission,
      generation,
    };
    const relay = chooseRelay(context, listener, message, view);
    const method = exchange.method as 'POST';
    const request = { path: target, method, headers, body: message.body };
    if (exchange.method === 'GET') {
      // Its head has no deadline: the gateway sends one itself.
      const { dispatcher } = slot;
      const stream = new GetStream(relay, exchange, reconnects, (handler) =>
        dispatcher.dispatch(request, handler),
      );
      return stream.tryAgain();
    }
    slot.awaitHead(relay);
    try {
      slot.dispatcher.dispatch(request, relay);
    } catch (error) {
      relay.fail(error as Error);
    }
  }

  /** A reload may have removed the caller while it waited. */
  function sendLate(slot: Slot, prepared: Prepared): void {
    const { generation, caller, exchange, listener } = prepared;
    const rejected =
      generation === admission.generation ? null : admission.recheck(caller, exchange);
    if (rejected === null) return send(slot, prepared);
    slot.release();
    listener.onResponseEnd(rejected);
  }

  return {
    forward(exchange, caller, message, credentialHeaders, listener) {
      if (isLoop(exchange, pseudonym)) return listener.onResponseEnd(upstreamLoop());
      const { era } = message;
      const session = era === 'modern' ? null : openSession(exchange, endpoint, caller);
      if (session?.ok === false) return listener.onResponseEnd(session);
      const sessionId = session === null ? null : session.id;
      const headers = requestHeaders(
        exchange,
        message,
        sessionId,
        credentialHeaders,
        pseudonym,
        fields,
      );
      if (exchange.trace !== null) replaceTraceContext(headers, exchange.trace);
      const view = listView(caller, message);
      // The gateway cannot filter a compressed answer.
      if (view !== null) headers.push('accept-encoding', 'identity');
      const held = isListening(exchange.method, message);
      // One literal: an object that was spread costs each request 3 µs (measured).
      const prepared: Prepared = {
        exchange,
        caller,
        message,
        headers,
        credentialHeaders,
        session,
        view,
        held,
        generation: admission.generation,
        listener,
      };
      // After everything that could throw: only the relay gives a slot back.
      const slot = pool.take(held);
      if (slot !== null) return send(slot, prepared);
      new WaitingRequest(prepared, pool.queue(held), sendLate).wait();
    },
  };
}
