// Limits credentials that prove nothing, by client address. Above the limit, the gateway verifies
// no unknown credential from the address. Known ones pass, because many callers share an address.
import { networkOf } from '../../core/client-network.js';
import type { Clock } from '../../core/clock.js';
import type { GuessLimit } from '../../core/endpoint-runtime.js';
import type { Failure, FailureDefinition } from '../../core/failure.js';
import {
  keyUnknown,
  tokenAlgorithm,
  tokenClaims,
  tokenInactive,
  tokenIssuer,
  tokenKeyUnknown,
  tokenMalformed,
  tokenSignature,
  tokenType,
} from '../../core/failures.js';
import type { LimitKind, Rate } from '../../core/limits.js';
import type { SureCounter } from './counter.js';
import { limitKey } from './limit-keys.js';
import { exhausted } from './rate-headers.js';

/**
 * The failures that count. A token that expired, or that is for another server, does not: good
 * clients send such tokens too.
 */
const GUESSES: ReadonlySet<FailureDefinition> = new Set(
  [
    keyUnknown,
    tokenAlgorithm,
    tokenClaims,
    tokenInactive,
    tokenIssuer,
    tokenKeyUnknown,
    tokenMalformed,
    tokenSignature,
    tokenType,
  ].map(({ definition }) => definition),
);

/** Addresses of callers that proved nothing: no endpoint has this name. */
const GROUP = 'failed_credentials';

/** Addresses over the limit that one process remembers. */
const MOST_BLOCKED = 10_000;

export interface GuessDependencies {
  readonly deployment: string;
  /** A store that is away does not turn the limit off. */
  readonly counter: SureCounter;
  readonly clock: Clock;
  readonly onLimited: (kind: LimitKind) => void;
}

export function createGuessLimit(
  rate: Rate,
  { deployment, counter, clock, onLimited }: GuessDependencies,
): GuessLimit {
  const scope = { deployment, endpoint: '' };
  /** By network: when its window ends. So a flood asks no store. */
  const blockedUntilMs = new Map<string, number>();

  function limited(resetMs: number): Failure {
    onLimited('failed_credentials');
    return exhausted({ kind: 'failed_credentials', rate, resetMs });
  }

  function remainingMs(network: string): number {
    const untilMs = blockedUntilMs.get(network);
    if (untilMs === undefined) return 0;
    const leftMs = untilMs - clock.monotonicMs();
    if (leftMs <= 0) blockedUntilMs.delete(network);
    return leftMs;
  }

  async function count(network: string, failure: Failure): Promise<Failure> {
    const key = limitKey(scope, 'failed_credentials', rate, [network]);
    const found = await counter.add(key, 1, rate, GROUP);
    if (found.calls >= rate.burst) {
      const [oldest] = blockedUntilMs.keys();
      if (blockedUntilMs.size >= MOST_BLOCKED) blockedUntilMs.delete(oldest as string);
      blockedUntilMs.set(network, clock.monotonicMs() + found.resetMs);
    }
    return found.calls > rate.burst ? limited(found.resetMs) : failure;
  }

  return {
    blocked(clientAddress, isKnown) {
      if (blockedUntilMs.size === 0) return null;
      const leftMs = remainingMs(networkOf(clientAddress));
      return leftMs > 0 && !isKnown() ? limited(leftMs) : null;
    },
    failed(clientAddress, failure) {
      if (!GUESSES.has(failure.definition) || failure.vouched !== undefined) return failure;
      const network = networkOf(clientAddress);
      const leftMs = remainingMs(network);
      return leftMs > 0 ? limited(leftMs) : count(network, failure);
    },
  };
}
