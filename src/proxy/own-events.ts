// The bytes that the gateway itself writes to an event stream.

/**
 * A comment is not an event, so it carries no message (B-75, no injected messages). It has no blank
 * line: after an event id, some clients report an empty event for each blank line.
 */
export const COMMENT = Buffer.from(':\n');
/**
 * Sends a head whose body is still to come. Node writes a head without a body byte as UTF-8
 * (`flushHeaders`), and so changes the bytes of the upstream above 0x7F. Before a buffer, also an
 * empty one, it writes them as they are.
 */
export const NOTHING = Buffer.alloc(0);
/**
 * The delay in milliseconds with which a client reopens its GET stream. Without it, clients wait a
 * second or more, and lose the notifications of that time (B-78, stream lifetime). The blank line
 * is needed: some clients read the field only with the end of its event.
 */
export const REOPEN_AT_ONCE = Buffer.from('retry: 50\n\n');
/**
 * The usual delay of clients. They keep the last one that they read, and try only twice: with 50 ms
 * they would give up during a restart of the gateway.
 */
export const REOPEN_USUALLY = Buffer.from('retry: 1000\n\n');

export const event = (message: string): Buffer => Buffer.from(`data: ${message}\n\n`);

/**
 * SubscriptionsListenResult of MCP 2026-07-28: the server ends the subscription without an error
 * (B-78, stream lifetime).
 */
export const completion = (idText: string): Buffer =>
  event(
    `{"jsonrpc":"2.0","id":${idText},"result":{"resultType":"complete","_meta":{"io.modelcontextprotocol/subscriptionId":${idText}}}}`,
  );
