// Decides what the gateway itself does to an event stream that is open: comments while the upstream is quiet, an end with the token or after
// the longest time, last words where the answer is not whole. Never decides what the upstream's events say.

import type { Clock } from '../core/clock.js';
import type { Endpoint } from '../core/endpoint.js';
import type { Failure } from '../core/failure.js';
import { streamMaxDuration } from '../core/failures.js';
import { jsonRpcError } from '../core/json-rpc-error.js';
import type { Caller } from '../core/principal.js';
import { SseTail } from './sse-tail.js';
import { type StreamTicker, TICK_MS, type TickListener } from './stream-ticker.js';

/** Whoever carries the answer. */
export interface StreamOwner {
  /** The caller reads too slowly: nothing may be added. */
  readonly isHeldBack: boolean;
  /** Sends what came and was not sent yet. */
  flush(): void;
  send(bytes: Buffer): void;
  /** Ends the answer, and lets the upstream go. Null: by a cut, so that nobody takes it for whole. */
  close(last: Buffer | null, end: Failure | null): void;
}

export interface StreamAsk {
  /** In the log and in errors. */
  readonly exchangeId: string;
  /** The id of the one request that the stream answers, as written. */
  readonly idText: string | undefined;
  /** A GET stream or a subscription: it has no end of its own. */
  readonly isListening: boolean;
  /** False where its bytes are counted or encoded: nothing can be added. */
  readonly takesMore: boolean;
}

export type OpenStream = (owner: StreamOwner, caller: Caller, ask: StreamAsk) => EventStream;

/** A comment: no event, so no message either (B-75). */
const COMMENT = Buffer.from(':\n\n');
const NOTHING = Buffer.alloc(0);

const event = (message: string): Buffer => Buffer.from(`data: ${message}\n\n`);

/** SubscriptionsListenResult of MCP 2026-07-28: the server ends the subscription, and nothing is wrong (B-78). */
const completion = (idText: string): Buffer =>
  event(
    `{"jsonrpc":"2.0","id":${idText},"result":{"resultType":"complete","_meta":{"io.modelcontextprotocol/subscriptionId":${idText}}}}`,
  );

export class EventStream implements TickListener {
  index = -1;
  private readonly owner: StreamOwner;
  private readonly ask: StreamAsk;
  private readonly watch: StreamTicker;
  /** Wall clock; infinite where no token bounds the stream. */
  private readonly tokenEndsMs: number;
  /** Monotonic. */
  private readonly longestMs: number;
  /** Looks without a byte until a comment is due; 0: never. */
  private readonly patience: number;
  private quietLooks = 0;
  private readonly sentEvents = new SseTail();

  constructor(
    owner: StreamOwner,
    ask: StreamAsk,
    watch: StreamTicker,
    tokenEndsMs: number,
    longestMs: number,
    keepAliveMs: number,
  ) {
    this.owner = owner;
    this.ask = ask;
    this.watch = watch;
    this.tokenEndsMs = tokenEndsMs;
    this.longestMs = longestMs;
    this.patience = keepAliveMs / TICK_MS;
    watch.add(this);
  }

  sent(bytes: Buffer): void {
    this.quietLooks = 0;
    if (this.ask.takesMore) this.sentEvents.add(bytes);
  }

  /** Nothing is watched any more. */
  over(): void {
    this.watch.remove(this);
  }

  tick(wallMs: number, monotonicMs: number, retiring: boolean): void {
    const { ask } = this;
    if (retiring && ask.isListening) return this.end(null);
    if (wallMs + TICK_MS > this.tokenEndsMs || monotonicMs + TICK_MS > this.longestMs)
      return this.end(streamMaxDuration());
    this.quietLooks++;
    if (this.patience === 0 || this.quietLooks < this.patience || !this.canAdd()) return;
    this.quietLooks = 0;
    this.owner.send(COMMENT);
  }

  /** The last event of an answer that was broken off, telling the request so (B-77). Null where it cannot be said, or need not be. */
  lastError(failure: Failure): Buffer | null {
    const { ask, sentEvents } = this;
    // After an id the client resumes by itself; after its answer an error would be a second one.
    if (
      ask.idText === undefined ||
      !this.isBetweenEvents() ||
      sentEvents.hasIds ||
      sentEvents.mayHoldAnswer
    )
      return null;
    return event(jsonRpcError(failure, ask.exchangeId, ask.idText) as string);
  }

  private isBetweenEvents(): boolean {
    return this.ask.takesMore && this.sentEvents.isBetweenEvents;
  }

  private canAdd(): boolean {
    return !this.owner.isHeldBack && this.isBetweenEvents();
  }

  /** Ends what has not ended by itself. */
  private end(failure: Failure | null): void {
    const { owner, ask, sentEvents } = this;
    owner.flush();
    if (!ask.isListening) return owner.close(this.lastError(streamMaxDuration()), failure);
    if (!this.isBetweenEvents()) return owner.close(null, failure);
    owner.close(
      ask.idText === undefined || sentEvents.mayHoldAnswer ? NOTHING : completion(ask.idText),
      failure,
    );
  }
}

/**
 * When the token of this caller ends, in milliseconds of the wall clock. One that is accepted after its `exp`, within the tolerance, serves
 * to the end of that: else its client would be admitted and sent away in turns.
 */
function tokenEndMs({ clockToleranceSeconds }: Endpoint, caller: Caller, nowMs: number): number {
  if (caller.kind === 'pass-through' || caller.expiresAt === null) return Number.POSITIVE_INFINITY;
  const { expiresAt, issuer } = caller;
  const seconds =
    expiresAt * 1000 > nowMs + TICK_MS
      ? expiresAt
      : expiresAt + (clockToleranceSeconds.get(issuer) ?? 0);
  return seconds * 1000;
}

/** Opens streams of one endpoint. */
export function createOpenStream(
  endpoint: Endpoint,
  watch: StreamTicker,
  clock: Clock,
): OpenStream {
  const { keepAliveSeconds, maxSeconds } = endpoint.streams;
  return (owner, caller, ask) => {
    // An answer under way may finish: its call was allowed.
    const endsMs = ask.isListening
      ? tokenEndMs(endpoint, caller, clock.wallMs())
      : Number.POSITIVE_INFINITY;
    return new EventStream(
      owner,
      ask,
      watch,
      endsMs,
      clock.monotonicMs() + maxSeconds * 1000,
      keepAliveSeconds * 1000,
    );
  };
}
