// Names the counts of callers. A name is a hash, so that nothing personal is in the store. The hash
// covers the deployment and the endpoint, so that no tenant shares a count with another.
import { hash } from 'node:crypto';
import type { LimitKind, Rate } from '../../core/limits.js';
import type { Caller } from '../../core/principal.js';

export interface KeyScope {
  /** `publicUrl` of the deployment: the same on every replica. */
  readonly deployment: string;
  /** The name of the endpoint; empty for limits of all endpoints. */
  readonly endpoint: string;
}

/** A changed rate has a new name, so its count begins again. */
export const limitKey = (
  { deployment, endpoint }: KeyScope,
  kind: LimitKind,
  { ratePerMinute, burst }: Rate,
  counted: readonly unknown[],
): string =>
  hash(
    'sha256',
    JSON.stringify([deployment, endpoint, kind, ratePerMinute, burst, ...counted]),
    'base64url',
  );

/** The caller alone. The gateway does not know a pass-through caller, only its credential. */
export const principalParts = (caller: Caller): readonly unknown[] =>
  caller.kind === 'pass-through'
    ? ['credential', caller.credential.header, caller.credential.value]
    : ['id', caller.id];

/** A caller that names no client counts as a client of its own, so that the limit holds for it. */
export const clientParts = (caller: Caller): readonly unknown[] =>
  caller.kind === 'pass-through' || caller.client === null
    ? principalParts(caller)
    : ['client', caller.issuer, caller.client];
