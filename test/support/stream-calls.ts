// Requests whose answer is an event stream, of every kind, with the answers of an upstream and the
// events that a caller received.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Ask, legacy, modern } from '../fixtures/messages.js';
import { openRaw, type RawConnection, type RawRequest, type RawResponse, requestBytes } from '../fixtures/raw-client.js';
import type { Answer } from '../fixtures/raw-upstream.js';

export type Make = (ask: Ask) => RawRequest;
export const call: Make = (ask) => modern('tools/call', { id: 'call-7', params: { name: 'slow' }, ...ask });
const legacyCall: Make = (ask) => legacy('tools/call', { id: 7, params: { name: 'slow' }, ...ask });
export const subscription: Make = (ask) => modern('subscriptions/listen', { id: 'sub-1', ...ask });
export const stream: Make = (ask) => legacy('', { method: 'GET', ...ask });

export async function openStream(port: number, request: RawRequest): Promise<RawConnection> {
  const connection = await openRaw(port, { label: 'a stream' });
  await connection.write(requestBytes(port, request));
  return connection;
}

export async function wholeStream(port: number, request: RawRequest): Promise<RawResponse> {
  const connection = await openStream(port, request);
  const response = await connection.response({ label: 'the whole stream', ms: 8000 });
  connection.destroy();
  return response;
}

/** Writes exactly these pieces, with the pauses between them, and leaves the stream open. */
export const writes =
  (parts: (string | number)[], type = 'text/event-stream'): Answer =>
  async ({ req, res }) => {
    req.resume();
    res.writeHead(200, { 'content-type': type });
    res.flushHeaders();
    for (const part of parts) {
      if (typeof part === 'number') await sleep(part);
      else res.write(part);
    }
  };
export const ends =
  (...parts: (string | number)[]): Answer =>
  async (exchange) => {
    await writes(parts)(exchange);
    exchange.res.end();
  };

export const withoutComments = ({ body }: RawResponse): string => body.replaceAll(/^:\n/gm, '');
export const messages = (response: RawResponse): unknown[] =>
  withoutComments(response)
    .split('\n\n')
    .flatMap((event) => (event.startsWith('data: ') ? [JSON.parse(event.slice(6))] : []));

export const FIRST = 'data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"error","data":1}}\n\n';
/** The last field of a GET stream: its client comes back at once. */
export const AT_ONCE = 'retry: 50\n\n';
/** The first field of the next GET stream. */
export const USUALLY = 'retry: 1000\n\n';
export const LAST = 'data: {"jsonrpc":"2.0","id":"call-7","result":{}}\n\n';

export const KINDS: [string, Make][] = [
  ['a modern call', call],
  ['a legacy call', legacyCall],
  ['a subscription', subscription],
  ['a GET stream', stream],
];
