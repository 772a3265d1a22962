// The limits of a facade for a minute, by the network of the client and by the grant.
import { networkOf } from '../../core/client-network.js';
import type { Clock } from '../../core/clock.js';
import { createRateLimit } from '../rate-limit.js';

/** Hosted clients register and log in many people from a few addresses. */
const PER_NETWORK = {
  registration: 60,
  document: 60,
  login: 120,
  failure: 60,
  revocation: 60,
} as const;
const NETWORKS = 10_000;
/** Each is a request to the identity provider in the name of the gateway. */
const PER_GRANT = 10;
const GRANTS = 10_000;

export type LimitedAct = keyof typeof PER_NETWORK;

export interface FacadeLimits {
  /** Counts an act of an address. 0, or the milliseconds until its next one. */
  take(act: LimitedAct, clientAddress: string): number;
  /** The same for a login or a refresh token. `name`: never the token itself. */
  takeGrant(name: string): number;
}

export function createFacadeLimits(clock: Clock): FacadeLimits {
  const limits = new Map(
    Object.entries(PER_NETWORK).map(([act, limit]) => [
      act,
      createRateLimit(limit, NETWORKS, clock),
    ]),
  );
  const grants = createRateLimit(PER_GRANT, GRANTS, clock);
  return {
    takeGrant: (name) => grants.take(name),
    take: (act, clientAddress) => limits.get(act)?.take(networkOf(clientAddress)) ?? 0,
  };
}
