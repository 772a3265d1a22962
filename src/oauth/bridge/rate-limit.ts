// The limits of the bridge for a minute: grants of one key, failures of one client address, and
// failures of all clients.
import type { ApiKey } from '../../core/api-key.js';
import { networkOf } from '../../core/client-network.js';
import type { Clock } from '../../core/clock.js';
import { createRateLimit } from '../rate-limit.js';

export interface GrantLimits {
  /** Counts a grant of this key. 0, or the milliseconds until its next one. */
  grant(key: ApiKey): number;
  /** Counts a failed authentication. 0, or the milliseconds until the next one may get a 401. */
  failure(clientAddress: string): number;
}

const GRANTS_PER_KEY = 10;
const FAILURES_PER_ADDRESS = 10;
const FAILURES_OF_ALL = 100;
const ADDRESSES = 10_000;
/** Only keys of the registry have grants, so their number is a second bound. */
const KEYS = 1_000_000;

export function createGrantLimits(clock: Clock): GrantLimits {
  const grants = createRateLimit(GRANTS_PER_KEY, KEYS, clock);
  const ofAddress = createRateLimit(FAILURES_PER_ADDRESS, ADDRESSES, clock);
  const ofAll = createRateLimit(FAILURES_OF_ALL, 1, clock);
  return {
    grant: ({ sha256 }) => grants.take(sha256),
    // An address over its own limit takes nothing from the others.
    failure: (clientAddress) => ofAddress.take(networkOf(clientAddress)) || ofAll.take(''),
  };
}
