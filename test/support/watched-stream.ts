// Open event streams that are looked at by a clock which the test moves, and what becomes of them.
import { afterEach, beforeEach, vi } from 'vitest';
import type { StreamLimits } from '../../src/core/endpoint.js';
import type { Caller } from '../../src/core/principal.js';
import { createOpenStream, type EventStream, type StreamAsk, type StreamOwner } from '../../src/proxy/event-stream.js';
import { createStreamTicker, type StreamTicker } from '../../src/proxy/stream-ticker.js';
import { type TestClock, testClock } from './clock.js';
import { endpoint, ISSUER, principal } from './endpoint.js';

/** What keeps a quiet stream open. */
export const COMMENT = ':\n\n';

/** Those of the test that runs; `watchStreams` makes them for every test of its file. */
export let clock: TestClock;
export let watch: StreamTicker;
export function watchStreams(): void {
  beforeEach(() => {
    vi.useFakeTimers();
    clock = testClock();
    watch = createStreamTicker(clock);
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
  readonly owner: StreamOwner & { isHeldBack: boolean };
  readonly comments: string[];
  readonly closed: Closed[];
  flushes: string[];
  /** What an upstream sends. */
  sends(text: string): void;
}

const usual: StreamAsk = { exchangeId: 'x-1', idText: '"7"', isListening: true, takesMore: true };
export const inSeconds = (seconds: number): Caller => principal({ expiresAt: clock.wallMs() / 1000 + seconds });

export function open(
  ask: Partial<StreamAsk> = {},
  terms: Partial<StreamLimits> = {},
  caller: Caller = inSeconds(100_000),
): Opened {
  const at = endpoint({
    streams: { keepAliveSeconds: 15, maxSeconds: 3600, ...terms },
    clockToleranceSeconds: new Map([[ISSUER, 30]]),
  });
  const opened: Omit<Opened, 'stream' | 'sends'> = {
    comments: [],
    closed: [],
    flushes: [],
    owner: {
      isHeldBack: false,
      flush: () => {
        for (const text of opened.flushes.splice(0)) stream.sent(Buffer.from(text));
      },
      send: (bytes) => void opened.comments.push(String(bytes)),
      close(last, end) {
        opened.closed.push({ last: last === null ? null : String(last), reason: end?.definition.reason ?? null });
        stream.over();
      },
    },
  };
  const stream = createOpenStream(at, watch, clock)(opened.owner, caller, { ...usual, ...ask });
  return { ...opened, stream, sends: (text) => stream.sent(Buffer.from(text)) };
}
