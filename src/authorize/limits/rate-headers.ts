// Writes what a limit leaves to the caller: the RateLimit headers of an answer
// (draft-ietf-httpapi-ratelimit-headers-06), and the failure of an exhausted limit.
import type { Failure } from '../../core/failure.js';
import { rateLimited } from '../../core/failures.js';
import type { LimitKind, Rate } from '../../core/limits.js';

/** A limit after it counted. */
export interface LimitState {
  readonly kind: LimitKind;
  readonly rate: Rate;
  /** Calls in the window. */
  readonly counted: number;
  readonly resetMs: number;
}

const remaining = ({ rate, counted }: LimitState): number => Math.max(0, rate.burst - counted);

/** The one that leaves the fewest calls; of equal ones, the one that leaves them for longest. */
const isTighter = (a: LimitState, b: LimitState): boolean =>
  remaining(a) < remaining(b) || (remaining(a) === remaining(b) && a.resetMs > b.resetMs);

const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000));

/** `of`: the limit that the numbers are about; null: the tightest. `states`: not empty. */
export function addRateHeaders(
  responseHeaders: string[],
  states: readonly LimitState[],
  of: LimitState | null,
): void {
  const shown = of ?? states.reduce((best, state) => (isTighter(state, best) ? state : best));
  responseHeaders.push(
    'ratelimit-limit',
    String(shown.rate.burst),
    'ratelimit-remaining',
    String(remaining(shown)),
    'ratelimit-reset',
    String(seconds(shown.resetMs)),
    'ratelimit-policy',
    states
      .map(({ kind, rate }) => `${rate.burst};w=${rate.windowSeconds};comment="${kind}"`)
      .join(', '),
  );
}

/** The rejection: Retry-After and `retryAfterMs` say when the window ends. */
export function exhausted({ kind, rate, resetMs }: Omit<LimitState, 'counted'>): Failure {
  const retryAfterMs = Math.max(1, Math.ceil(resetMs));
  return rateLimited({
    detail: `${kind}: ${rate.burst} in ${rate.windowSeconds} s`,
    retryAfterSeconds: resetMs / 1000,
    data: { retryAfterMs },
  });
}
