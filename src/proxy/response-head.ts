// Reads from the head of a relayed response how the relay treats its body.
import type { Failure } from '../core/failure.js';
import type { StreamContext } from './event-stream.js';
import { isEventStream, type UpstreamHeaders } from './headers.js';
import type { RelayContext } from './relay-context.js';
import { relayedError } from './relayed-error.js';

export interface ResponseHead {
  readonly status: number;
  /** Content-Length in bytes, or -1. A body of one chunk is sent together with its headers. */
  readonly declaredLength: number;
  readonly isEventStream: boolean;
  /** True where the gateway may add events and comments. */
  readonly canAppend: boolean;
  /**
   * True where the gateway sends a comment with the head. Many proxies hold a head until a byte of
   * the body follows (measured).
   */
  readonly hasComment: boolean;
  /** True where the body has no media type, so that it must have no bytes. */
  readonly mustBeEmpty: boolean;
  /** The error of the upstream that the caller gets unchanged, for the log. */
  readonly error: Failure | null;
}

export const NO_HEAD: ResponseHead = {
  status: 0,
  declaredLength: -1,
  isEventStream: false,
  canAppend: false,
  hasComment: false,
  mustBeEmpty: false,
  error: null,
};

export function readHead(
  status: number,
  headers: UpstreamHeaders,
  context: RelayContext,
): ResponseHead {
  const length = headers['content-length'];
  const declaredLength = typeof length === 'string' ? Number(length) : -1;
  const isStream = isEventStream(headers);
  const isPlain = (headers['content-encoding'] ?? 'identity') === 'identity';
  const canAppend = isStream && declaredLength < 0 && isPlain;
  return {
    status,
    declaredLength,
    isEventStream: isStream,
    canAppend,
    hasComment: canAppend && status === 200 && context.addsComments,
    mustBeEmpty: status === 200 && headers['content-type'] === undefined,
    error: status < 400 ? null : relayedError(status, headers, context),
  };
}

/** The facts about an event stream with this head. */
export function streamContext(
  { exchange, idText, held, session }: RelayContext,
  { canAppend, hasComment }: ResponseHead,
): StreamContext {
  return {
    exchangeId: exchange.id,
    idText,
    isListening: held,
    sessionId: session === null ? null : session.id,
    canAppend,
    hasComment,
  };
}
