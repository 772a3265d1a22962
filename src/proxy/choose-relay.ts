// Chooses the relay for the response of a request. Nearly all responses pass unread.
import type { ResponseListener } from '../core/exchange.js';
import type { Message } from '../core/message.js';
import type { ListView } from '../mcp/lists.js';
import { INITIALIZE } from '../mcp/methods.js';
import { AcceptedRelay, expectsNoAnswer } from './accepted-relay.js';
import { InitializeRelay } from './initialize-relay.js';
import { ListRelay } from './list-relay.js';
import { Relay } from './relay.js';
import type { RelayContext } from './relay-context.js';

/** `view`: the lists to filter in the response; null: none. */
export function chooseRelay(
  context: RelayContext,
  listener: ResponseListener,
  message: Message,
  view: ListView | null,
): Relay {
  if (view !== null) return new ListRelay(context, listener, view);
  if (context.idText === undefined) {
    return expectsNoAnswer(context.exchange.method, message)
      ? new AcceptedRelay(context, listener)
      : new Relay(context, listener);
  }
  return message.calls[0]?.method === INITIALIZE && message.era === 'legacy'
    ? new InitializeRelay(context, listener)
    : new Relay(context, listener);
}
