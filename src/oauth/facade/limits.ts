// The limits of a facade for a minute, by the network of the client.
import { networkOf } from '../../core/client-network.js';
import type { Clock } from '../../core/clock.js';
import { createRateLimit } from '../rate-limit.js';

/** Hosted clients register and log in many people from a few addresses. */
const PER_NETWORK = { registration: 60, login: 120, failure: 60 } as const;
const NETWORKS = 10_000;

export type LimitedAct = keyof typeof PER_NETWORK;

export interface FacadeLimits {
  /** Counts an act of an address. 0, or the milliseconds until its next one. */
  take(act: LimitedAct, clientAddress: string): number;
}

export function createFacadeLimits(clock: Clock): FacadeLimits {
  const limits = new Map(
    Object.entries(PER_NETWORK).map(([act, limit]) => [
      act,
      createRateLimit(limit, NETWORKS, clock),
    ]),
  );
  return {
    take: (act, clientAddress) => limits.get(act)?.take(networkOf(clientAddress)) ?? 0,
  };
}
