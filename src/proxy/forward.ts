// Decides how an allowed message is carried: to the one upstream of its endpoint, once, under a cap. Never retries: a POST may have been
// executed (C-140).
import type { Endpoint } from '../core/endpoint.js';
import type { Exchange } from '../core/exchange.js';
import { type Failure, upstreamBusy, upstreamLoop } from '../core/failure.js';
import type { Message } from '../core/message.js';
import type { Caller } from '../core/principal.js';
import { isLoop, requestHeaders } from './headers.js';
import { onwardCredential } from './onward.js';
import type { UpstreamPool } from './pool.js';
import { AnswerCarrier } from './stream.js';

export type Forward = (exchange: Exchange, endpoint: Endpoint, caller: Caller, message: Message) => Promise<Failure | null>;

/** `pseudonym` names this deployment in Via; all its replicas share it. */
export function createForward(pools: ReadonlyMap<string, UpstreamPool>, pseudonym: string): Forward {
  return (exchange, endpoint, caller, message) => {
    if (isLoop(exchange, pseudonym)) return Promise.resolve(upstreamLoop());
    const held = exchange.method === 'GET' || message.calls[0]?.method === 'subscriptions/listen';
    exchange.held = held;
    const slot = pools.get(endpoint.path)?.take(held);
    if (slot === undefined || slot === null) return Promise.resolve(upstreamBusy({ retryAfterSeconds: 1 }));
    const headers = requestHeaders(exchange, message.era, onwardCredential(caller), pseudonym);
    return new Promise((resolve) => {
      const carrier = new AnswerCarrier(exchange, message.era, caller, held, slot, resolve);
      const { method } = exchange;
      try {
        slot.dispatcher.dispatch(
          { path: endpoint.upstream.target, method: method as 'POST', headers, body: message.body },
          carrier,
        );
      } catch (error) {
        carrier.fail(error as Error);
      }
    });
  };
}
