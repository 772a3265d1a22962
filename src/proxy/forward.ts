// Decides how an allowed message is carried: to the one upstream of its endpoint, once, under a cap. Never retries: a POST may have been
// executed (C-140).
import type { Endpoint } from '../core/endpoint.js';
import type { AnswerListener, Exchange } from '../core/exchange.js';
import { upstreamBusy, upstreamLoop } from '../core/failures.js';
import { type Message, requestId } from '../core/message.js';
import type { Caller } from '../core/principal.js';
import type { ListView } from '../mcp/lists.js';
import { SUBSCRIBE } from '../mcp/methods.js';
import type { OpenStream } from './event-stream.js';
import { isLoop, requestHeaders } from './headers.js';
import { ListRelay } from './list-relay.js';
import type { UpstreamPool } from './pool.js';
import { Relay } from './relay.js';
import type { OpenSession } from './sessions.js';
import { onwardCredential } from './upstream-credential.js';

const isSubscription = ({ calls }: Message): boolean =>
  calls.length === 1 && calls[0]?.method === SUBSCRIBE;

export type Forward = (
  exchange: Exchange,
  endpoint: Endpoint,
  caller: Caller,
  message: Message,
  listener: AnswerListener,
) => void;

/** What is to be filtered in the answer; null: it passes as it is. */
export type FindListing = (caller: Caller, endpoint: Endpoint, message: Message) => ListView | null;

/** How an endpoint's messages are carried. */
export interface Way {
  readonly pool: UpstreamPool;
  readonly openStream: OpenStream;
}

/** `ways` by path. `pseudonym` names this deployment in Via; all its replicas share it. */
export function createForward(
  ways: ReadonlyMap<string, Way>,
  pseudonym: string,
  findListing: FindListing,
  openSession: OpenSession,
): Forward {
  return (exchange, endpoint, caller, message, listener) => {
    if (isLoop(exchange, pseudonym)) return listener.answered(upstreamLoop());
    const session = message.era === 'modern' ? null : openSession(exchange, endpoint, caller);
    if (session?.ok === false) return listener.answered(session);
    const held = exchange.method === 'GET' || isSubscription(message);
    const way = ways.get(endpoint.path);
    const slot = way?.pool.take(held) ?? null;
    if (way === undefined || slot === null)
      return listener.answered(upstreamBusy({ retryAfterSeconds: 1 }));
    const headers = requestHeaders(
      exchange,
      message,
      session === null ? null : session.id,
      onwardCredential(caller),
      pseudonym,
    );
    const listing = findListing(caller, endpoint, message);
    // What is compressed cannot be filtered.
    if (listing !== null) headers.push('accept-encoding', 'identity');
    const { era } = message;
    const carried = {
      exchange,
      era,
      caller,
      held,
      slot,
      session,
      idText: requestId(message),
      openStream: way.openStream,
    };
    const carrier =
      listing === null ? new Relay(carried, listener) : new ListRelay(carried, listener, listing);
    const { method } = exchange;
    const { target } = endpoint.upstream;
    try {
      slot.dispatcher.dispatch(
        { path: target, method: method as 'POST', headers, body: message.body },
        carrier,
      );
    } catch (error) {
      carrier.fail(error as Error);
    }
  };
}
