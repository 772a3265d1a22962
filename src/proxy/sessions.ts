// Decides whose a session of the legacy revisions is: its id goes to the caller sealed, bound to endpoint, upstream and caller, and comes
// back to no other (B-83, A-61). Never decides whether it is still there: that is the upstream's to say (B-81).

import type { Clock } from '../core/clock.js';
import type { Endpoint } from '../core/endpoint.js';
import { type RequestHead, singleHeader } from '../core/exchange.js';
import type { Failure } from '../core/failure.js';
import { sessionNotFound, upstreamBroken } from '../core/failures.js';
import type { Caller } from '../core/principal.js';
import type { Secret } from '../core/secret.js';
import type { UpstreamHeaders } from './headers.js';
import { createKeyRing, type KeyRing, type SealingKey, sealedBytes } from './seal.js';

export const SESSION_SECONDS = 24 * 60 * 60;
/** Of the upstream (MCP 2025-11-25, transports). Its sealed form is a third longer, and 60 characters. */
const SESSION_ID = /^[\x21-\x7e]{1,1024}$/;
/** Longest that can have been made of one. */
const SEALED_CHARACTERS = 1_500;

/** Opened sessions that are remembered: to open one again costs twenty times as much. */
const KEPT = 8_192;
/** Those with longer names are opened each time. */
const KEPT_CHARACTERS = 2_048;

interface Opened {
  readonly id: string;
  readonly endsAtSeconds: number;
  readonly key: SealingKey;
  readonly endpoint: Endpoint;
  readonly owner: string;
}

/** What one legacy request, and its answer, have to do with a session. */
export interface CallSession {
  readonly ok: true;
  /** The upstream's id; null where the request names no session. */
  readonly id: string | null;
  /** Why an answer with these fields is not passed on. */
  refused(headers: UpstreamHeaders): Failure | null;
  /** The id for the caller; null where the upstream named none. Within a session it stays the same. */
  forCaller(headers: UpstreamHeaders): string | null;
}

/** Asked for legacy requests alone: a modern one has no session (B-85). */
export type OpenSession = (
  head: RequestHead,
  endpoint: Endpoint,
  caller: Caller,
) => CallSession | Failure;

/** With its length, so that no two lists of parts are written the same. */
const part = (text: string): string => `${text.length}:${text} `;

/** Who may use it: not the token, which is refreshed, but whom it speaks for. Of a credential that the upstream verifies, a name. */
function ownerOf(caller: Caller, key: SealingKey): string {
  if (caller.kind === 'pass-through')
    return `credential:${key.nameOf(part(caller.credential.header) + caller.credential.value)}`;
  const { issuer, tenant, subject, subjectKind } = caller.principal;
  return `${part(issuer)}${tenant === null ? '- ' : part(tenant)}${subjectKind}:${subject}`;
}

const boundTo = ({ path, resource, upstream }: Endpoint, owner: string): string =>
  part(path) + part(resource) + part(upstream.url) + owner;

const idIn = (headers: UpstreamHeaders): string | string[] | undefined => headers['mcp-session-id'];

/** A class, for the reason that AnswerCarrier is one. */
class LegacyCall implements CallSession {
  readonly ok = true;
  readonly id: string | null;
  private readonly ring: KeyRing;
  private readonly clock: Clock;
  private readonly endpoint: Endpoint;
  private readonly caller: Caller;
  private readonly sealed: string | null;

  constructor(
    ring: KeyRing,
    clock: Clock,
    endpoint: Endpoint,
    caller: Caller,
    sealed: string | null,
    id: string | null,
  ) {
    this.ring = ring;
    this.clock = clock;
    this.endpoint = endpoint;
    this.caller = caller;
    this.sealed = sealed;
    this.id = id;
  }

  refused(headers: UpstreamHeaders): Failure | null {
    const id = idIn(headers);
    if (id === undefined || id === '' || (typeof id === 'string' && SESSION_ID.test(id)))
      return null;
    return upstreamBroken({
      detail: 'a session id that is none: not one line of 1 to 1024 visible ASCII characters',
    });
  }

  forCaller(headers: UpstreamHeaders): string | null {
    const id = idIn(headers);
    if (typeof id !== 'string' || id === '') return null;
    if (id === this.id) return this.sealed;
    const { newest } = this.ring;
    const endsAtSeconds = Math.floor(this.clock.wallMs() / 1000) + SESSION_SECONDS;
    return newest.seal(
      `${endsAtSeconds} ${id}`,
      boundTo(this.endpoint, ownerOf(this.caller, newest)),
    );
  }
}

/** `keys`: see `createKeyRing`. */
export function createSessions(keys: readonly Secret[], clock: Clock): OpenSession {
  const ring = createKeyRing(keys, 'session');
  const kept = new Map<string, Opened>();

  /** Only ever a yes, to what was opened for this caller before. */
  function known(sealed: string, endpoint: Endpoint, caller: Caller): string | null {
    const one = kept.get(sealed);
    if (
      one === undefined ||
      one.endpoint !== endpoint ||
      one.endsAtSeconds <= clock.wallMs() / 1000
    )
      return null;
    return one.owner === ownerOf(caller, one.key) ? one.id : null;
  }

  function keep(sealed: string, opened: Opened): void {
    if (sealed.length + opened.owner.length > KEPT_CHARACTERS) return;
    if (kept.size >= KEPT) kept.clear();
    kept.set(sealed, opened);
  }

  function open(sealed: string, endpoint: Endpoint, caller: Caller): string | Failure {
    const bytes = sealed.length > SEALED_CHARACTERS ? null : sealedBytes(sealed);
    if (bytes === null) return sessionNotFound({ detail: 'no session id of this gateway' });
    const key = ring.keyOf(bytes);
    if (key === null)
      return sessionNotFound({ detail: 'sealed with a key that is not in the ring' });
    const owner = ownerOf(caller, key);
    const text = key.open(bytes, boundTo(endpoint, owner));
    if (text === null)
      return sessionNotFound({ detail: 'of another caller, endpoint or upstream, or altered' });
    const [, end, id] = /^(\d+) (.+)$/.exec(text) ?? [];
    const endsAtSeconds = Number(end);
    if (id === undefined || !(clock.wallMs() / 1000 < endsAtSeconds))
      return sessionNotFound({ detail: 'expired' });
    keep(sealed, { id, endsAtSeconds, key, endpoint, owner });
    return id;
  }

  return (head, endpoint, caller) => {
    const sealed = singleHeader(head, 'mcp-session-id');
    if (sealed === undefined) return new LegacyCall(ring, clock, endpoint, caller, null, null);
    // Two lines were refused before; here they would be nobody's.
    if (sealed === null) return sessionNotFound({ detail: 'two session ids' });
    const id = known(sealed, endpoint, caller) ?? open(sealed, endpoint, caller);
    return typeof id === 'string' ? new LegacyCall(ring, clock, endpoint, caller, sealed, id) : id;
  };
}
