// Opens event streams with a clock that the test moves, and records their comments and ends.
import { afterEach, beforeEach, vi } from 'vitest';
import type { StreamLimits } from '../../src/core/endpoint.js';
import type { Caller } from '../../src/core/principal.js';
import {
  createOpenStream,
  type EventStream,
  type OpenStream,
  type StreamContext,
  type StreamWriter,
} from '../../src/proxy/event-stream.js';
import { createStreamTicker, type StreamTicker } from '../../src/proxy/stream-ticker.js';
import { type TestClock, testClock } from './clock.js';
import { endpoint, ISSUER, principal } from './endpoint.js';

/** The comment that keeps a quiet stream open. */
export const COMMENT = ':\n';

/** The clock and the ticker of the current test; `watchStreams` makes them for each test. */
export let clock: TestClock;
export let ticker: StreamTicker;
export function watchStreams(): void {
  beforeEach(() => {
    vi.useFakeTimers();
    clock = testClock();
    ticker = createStreamTicker(clock);
  });
  afterEach(() => void vi.useRealTimers());
}

export function pass(ms: number): void {
  for (let passed = 0; passed < ms; passed += 100) {
    clock.advance(100);
    vi.advanceTimersByTime(100);
  }
}

export interface Closed {
  readonly last: string | null;
  readonly reason: string | null;
}

export interface Opened {
  readonly stream: EventStream;
  readonly writer: StreamWriter & { isPaused: boolean };
  readonly comments: string[];
  readonly closed: Closed[];
  flushes: string[];
  /** Sends text or bytes as the upstream does. Returns the text that the caller gets. */
  sends(bytes: string | Buffer): string;
}

const usual: StreamContext = {
  exchangeId: 'x-1',
  idText: '"7"',
  isListening: true,
  sessionId: null,
  canAppend: true,
  hasComment: false,
};
export const inSeconds = (seconds: number): Caller => principal({ expiresAt: clock.wallMs() / 1000 + seconds });

/** The function that opens the streams of one endpoint. */
export function openStreamOf(limits: Partial<StreamLimits> = {}): OpenStream {
  const at = endpoint({
    streams: { keepAliveSeconds: 15, maxSeconds: 3600, outliveTokenSeconds: 0, ...limits },
    clockToleranceSeconds: new Map([[ISSUER, 30]]),
  });
  return createOpenStream(at, ticker, clock);
}

export function open(
  context: Partial<StreamContext> = {},
  limits: Partial<StreamLimits> = {},
  caller: Caller = inSeconds(100_000),
  openStream = openStreamOf(limits),
): Opened {
  const opened: Omit<Opened, 'stream' | 'sends'> = {
    comments: [],
    closed: [],
    flushes: [],
    writer: {
      isPaused: false,
      revocation: () => null,
      flush: () => {
        for (const text of opened.flushes.splice(0)) stream.pass(Buffer.from(text));
      },
      send: (bytes) => void opened.comments.push(String(bytes)),
      close(last, end) {
        opened.closed.push({ last: last === null ? null : String(last), reason: end?.definition.reason ?? null });
        stream.stop();
      },
    },
  };
  const stream = openStream(opened.writer, caller, { ...usual, ...context });
  return { ...opened, stream, sends: (bytes) => String(stream.pass(Buffer.from(bytes as string))) };
}
