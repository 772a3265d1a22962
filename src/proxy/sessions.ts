// Seals the session ids of the legacy revisions (B-83, A-61: session hijacking). The caller gets
// a sealed text in place of the upstream's id. It opens only for the same caller and endpoint, and
// it names the upstream that issued the id. Whether the session still exists is for that upstream
// to say (B-81, expired sessions).
import type { Clock } from '../core/clock.js';
import type { Endpoint } from '../core/endpoint.js';
import { type RequestHead, singleHeader } from '../core/exchange.js';
import type { Failure } from '../core/failure.js';
import { sessionNotFound, upstreamBroken } from '../core/failures.js';
import type { Caller } from '../core/principal.js';
import type { Secret } from '../core/secret.js';
import { createKeyRing, type KeyRing, type SealingKey, sealedBytes } from '../seal/key-ring.js';
import type { UpstreamHeaders } from './headers.js';

export const SESSION_SECONDS = 24 * 60 * 60;
/**
 * The id of an upstream (MCP 2025-11-25, transports): visible ASCII characters. Some servers keep
 * their state in it. It fits the head that the pool accepts from an upstream (16 KiB).
 */
const SESSION_ID = /^[\x21-\x7e]{1,8192}$/;
/**
 * The gateway does not try to open a longer text. The longest id has 11,200 characters when sealed,
 * and twice as many if it consists of quotes. The listener accepts heads of 64 KiB.
 */
const SEALED_CHARACTERS = 32_768;

/** Opened sessions that are remembered: to open one again costs twenty times as much (measured). */
const REMEMBERED = 8_192;
/** Sessions with a longer sealed text and owner are opened at each request. */
const REMEMBERED_CHARACTERS = 2_048;

interface OpenedSession {
  readonly id: string;
  readonly endsAtSeconds: number;
  readonly key: SealingKey;
  readonly endpoint: Endpoint;
  readonly owner: string;
}

/** The session of one legacy request and of its answer. */
export interface CallSession {
  readonly ok: true;
  /** The upstream's id; null where the request names no session. */
  readonly id: string | null;
  /** The reason why the gateway does not relay an answer with these headers. */
  rejection(headers: UpstreamHeaders): Failure | null;
  /** The id for the caller, the same for a whole session; null where the upstream sent none. */
  forCaller(headers: UpstreamHeaders): string | null;
}

/** Called for legacy requests only: a modern request has no session (B-85, stateless revision). */
export type OpenSession = (
  head: RequestHead,
  endpoint: Endpoint,
  caller: Caller,
) => CallSession | Failure;

/** Each part carries its length, so that two different lists of parts never give one text. */
const part = (text: string): string => `${text.length}:${text} `;

/**
 * Who may use the session: the principal, not its token, because clients refresh tokens. For a
 * credential that the upstream verifies, a keyed hash takes the place of the principal.
 */
function ownerOf(caller: Caller, key: SealingKey): string {
  if (caller.kind !== 'pass-through') return caller.id;
  const { header, value } = caller.credential;
  return `credential:${key.keyedHash(part(header) + value)}`;
}

/** The authenticated data of the seal. The upstream is inside the text instead. */
const boundTo = ({ path, resource }: Endpoint, owner: string): string =>
  part(path) + part(resource) + owner;

/** The sealed text: the end in seconds since the epoch, the upstream's URL, its session id. */
type SessionContent = readonly [endsAtSeconds: number, upstreamUrl: string, id: string];

function parseContent(text: string): SessionContent | null {
  try {
    const content: unknown = JSON.parse(text);
    if (!Array.isArray(content) || content.length !== 3) return null;
    const [endsAtSeconds, upstreamUrl, id] = content as unknown[];
    const isContent =
      typeof endsAtSeconds === 'number' &&
      typeof upstreamUrl === 'string' &&
      typeof id === 'string';
    return isContent ? [endsAtSeconds, upstreamUrl, id] : null;
  } catch {
    return null;
  }
}

const idIn = (headers: UpstreamHeaders): string | string[] | undefined => headers['mcp-session-id'];

/** A class, because one is made for each legacy request. */
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

  rejection(headers: UpstreamHeaders): Failure | null {
    const id = idIn(headers);
    if (id === undefined || id === '' || (typeof id === 'string' && SESSION_ID.test(id)))
      return null;
    return upstreamBroken({
      detail: 'the session id is not one line of 1 to 8192 visible ASCII characters',
    });
  }

  forCaller(headers: UpstreamHeaders): string | null {
    const id = idIn(headers);
    if (typeof id !== 'string' || id === '') return null;
    if (id === this.id) return this.sealed;
    const { newest } = this.ring;
    const endsAtSeconds = Math.floor(this.clock.wallMs() / 1000) + SESSION_SECONDS;
    const content: SessionContent = [endsAtSeconds, this.endpoint.upstream.url, id];
    return newest.seal(
      JSON.stringify(content),
      boundTo(this.endpoint, ownerOf(this.caller, newest)),
    );
  }
}

/** `keys`: 32 bytes in base64 each, the newest first (`createKeyRing`). */
export function createSessions(keys: readonly Secret[], clock: Clock): OpenSession {
  const ring = createKeyRing(keys, 'session');
  const remembered = new Map<string, OpenedSession>();

  /** The id of a session that this caller opened before; null: open the sealed text. */
  function recall(sealed: string, endpoint: Endpoint, caller: Caller): string | null {
    const opened = remembered.get(sealed);
    if (opened === undefined || opened.endpoint !== endpoint) return null;
    if (opened.endsAtSeconds <= clock.wallMs() / 1000) return null;
    return opened.owner === ownerOf(caller, opened.key) ? opened.id : null;
  }

  function remember(sealed: string, opened: OpenedSession): void {
    if (sealed.length + opened.owner.length > REMEMBERED_CHARACTERS) return;
    if (remembered.size >= REMEMBERED) remembered.clear();
    remembered.set(sealed, opened);
  }

  function open(sealed: string, endpoint: Endpoint, caller: Caller): string | Failure {
    const bytes = sealed.length > SEALED_CHARACTERS ? null : sealedBytes(sealed);
    if (bytes === null) return sessionNotFound({ detail: 'not a session id of this gateway' });
    const key = ring.findKey(bytes);
    if (key === null)
      return sessionNotFound({ detail: 'sealed with a key that is not in the ring' });
    const owner = ownerOf(caller, key);
    const text = key.open(bytes, boundTo(endpoint, owner));
    if (text === null)
      return sessionNotFound({ detail: 'belongs to another caller or endpoint, or was altered' });
    const content = parseContent(text);
    if (content === null) return sessionNotFound({ detail: 'sealed by another version' });
    const [endsAtSeconds, upstreamUrl, id] = content;
    if (upstreamUrl !== endpoint.upstream.url)
      return sessionNotFound({ detail: 'belongs to another upstream' });
    if (!(clock.wallMs() / 1000 < endsAtSeconds)) return sessionNotFound({ detail: 'expired' });
    remember(sealed, { id, endsAtSeconds, key, endpoint, owner });
    return id;
  }

  return (head, endpoint, caller) => {
    const sealed = singleHeader(head, 'mcp-session-id');
    if (sealed === undefined) return new LegacyCall(ring, clock, endpoint, caller, null, null);
    // An earlier step rejects two lines. Here they would belong to no session.
    if (sealed === null) return sessionNotFound({ detail: 'two session ids' });
    const id = recall(sealed, endpoint, caller) ?? open(sealed, endpoint, caller);
    return typeof id === 'string' ? new LegacyCall(ring, clock, endpoint, caller, sealed, id) : id;
  };
}
