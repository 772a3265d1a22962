// Clients whose client id is the URL of a document that describes them
// (draft-ietf-oauth-client-id-metadata-document). The facade fetches it, and registers nothing.
import { networkOf } from '../../core/client-network.js';
import type { Clock } from '../../core/clock.js';
import { isObject, isPresent } from '../../core/json.js';
import type { Fetched } from '../../idp/fetch-json.js';
import type { PublicFetch } from '../../idp/public-fetch.js';
import { createSingleFlight } from '../../idp/single-flight.js';
import type { FacadeLimits } from './limits.js';
import { readDocument } from './registration.js';
import type { ClientFacts } from './texts.js';

/** Why a client cannot log in. */
export interface ClientFlaw {
  /** For the log. It names the client by its host at most. */
  readonly flaw: string;
  /** Milliseconds until a limit allows another try; 0: not a limit. */
  readonly waitMs: number;
}

export interface ClientDocuments {
  /** `url`: as `isDocumentUrl` allows it. Never rejects. */
  find(url: string, clientAddress: string): Promise<ClientFacts | ClientFlaw>;
}

/** A document that is good, and the milliseconds for which it may be kept. */
interface Found {
  readonly json: Readonly<Record<string, unknown>>;
  readonly lifeMs: number;
}

/** The fetches and what they found outlive a reload. */
export interface DocumentStore {
  /**
   * `network`: as `networkOf` names it. `allowed`: called before a fetch; the milliseconds until
   * one is allowed. A text: why there is no good document.
   */
  get(url: string, network: string, allowed: () => number): Promise<Found | string | ClientFlaw>;
  /** Fetches a document again where it proved to be invalid. */
  forget(url: string): void;
}

const MAX_URL_CHARACTERS = 1_024;
/** A client id that is sealed has no colon. */
const URL_FORM = /^[a-z][a-z0-9+.-]*:/i;
const FETCH = { deadlineMs: 5_000, maxBytes: 10 * 1024 };
const KEPT = 500;
/** One network must not take all fetches of the process with hosts that answer slowly. */
const AT_ONCE = 4;
const MINUTE_MS = 60_000;
/** Without Cache-Control, and the bounds of what it may say. */
const LIFE = { usualMs: 60 * MINUTE_MS, leastMs: MINUTE_MS, mostMs: 24 * 60 * MINUTE_MS };
const JSON_TYPE = /^application\/(?:[a-z0-9.-]+\+)?json[ \t]*(;|$)/i;

/** True where a client id means a document, a good one or not. */
export const looksLikeUrl = (clientId: string): boolean => URL_FORM.test(clientId);

/**
 * True for an https URL with a path, without a fragment and a user name, in the one spelling that
 * browsers give it (section 3 of the draft). So it has no dot segments either.
 */
export function isDocumentUrl(text: string): boolean {
  if (text.length > MAX_URL_CHARACTERS || !URL.canParse(text)) return false;
  const { href, protocol, pathname, username, password } = new URL(text);
  const isPlain = username + password === '' && !text.includes('#');
  return href === text && protocol === 'https:' && pathname !== '/' && isPlain;
}

/** Milliseconds for which an answer may be kept (RFC 9111 section 5.2.2). */
function lifeOf(cacheControl: unknown): number {
  const text = Array.isArray(cacheControl) ? cacheControl.join(',') : String(cacheControl ?? '');
  if (text === '') return LIFE.usualMs;
  const seconds = /(?:^|[\s,])max-age="?(\d{1,10})\b/i.exec(text)?.[1];
  const isShort = /no-store|no-cache/i.test(text);
  const asked = isShort ? 0 : seconds === undefined ? LIFE.usualMs : Number(seconds) * 1000;
  return Math.min(LIFE.mostMs, Math.max(LIFE.leastMs, asked));
}

/** The document, or why no server may take it. */
function readFetched(url: string, fetched: Fetched): Found | string {
  if (fetched.kind === 'transport') return fetched.detail;
  const { status, json, headers } = fetched;
  if (status !== 200) return `status ${status}`;
  if (!JSON_TYPE.test(String(headers['content-type'] ?? ''))) return 'not application/json';
  if (!isObject(json)) return 'not a JSON object';
  if (json.client_id !== url) return 'its client_id is not its URL';
  if (isPresent(json.client_secret) || isPresent(json.client_secret_expires_at))
    return 'it has a client secret';
  return { json, lifeMs: lifeOf(headers['cache-control']) };
}

export function createDocumentStore(fetchPublic: PublicFetch, clock: Clock): DocumentStore {
  // Never failures or invalid documents (section 5.2 of the draft).
  const kept = new Map<string, { readonly found: Found; readonly endMs: number }>();
  const flights = createSingleFlight<Found | string>();
  /** Fetches in progress, by network. */
  const running = new Map<string, number>();
  const count = (network: string, change: number): void => {
    const now = (running.get(network) ?? 0) + change;
    if (now > 0) running.set(network, now);
    else running.delete(network);
  };

  /** The newest use is last, so that URLs which a stranger makes up displace each other. */
  function keep(url: string, found: Found, endMs: number): Found {
    kept.delete(url);
    if (kept.size >= KEPT) kept.delete(kept.keys().next().value as string);
    kept.set(url, { found, endMs });
    return found;
  }

  async function load(url: string, network: string): Promise<Found | string> {
    count(network, 1);
    try {
      const found = readFetched(url, await fetchPublic({ url, ...FETCH }));
      if (typeof found !== 'string') return keep(url, found, clock.monotonicMs() + found.lifeMs);
      kept.delete(url);
      return found;
    } finally {
      count(network, -1);
    }
  }

  return {
    async get(url, network, allowed) {
      const known = kept.get(url);
      if (known !== undefined && clock.monotonicMs() < known.endMs)
        return keep(url, known.found, known.endMs);
      if (!flights.isRunning(url)) {
        const isBusy = (running.get(network) ?? 0) >= AT_ONCE;
        const waitMs = isBusy ? FETCH.deadlineMs : allowed();
        if (waitMs > 0) return { flaw: 'too many fetches for one address', waitMs };
      }
      return flights.run(url, () => load(url, network));
    },
    forget: (url) => void kept.delete(url),
  };
}

/** `entries`: the allow-list of redirect URIs. */
export function createClientDocuments(
  store: DocumentStore,
  entries: readonly string[],
  limits: Pick<FacadeLimits, 'take'>,
): ClientDocuments {
  return {
    async find(url, clientAddress) {
      const about = `the document of the client at ${new URL(url).host}`;
      const flawed = (flaw: string, waitMs = 0): ClientFlaw => ({
        flaw: `${about}: ${flaw}`,
        waitMs,
      });
      const allowed = (): number => limits.take('document', clientAddress);
      const found = await store.get(url, networkOf(clientAddress), allowed);
      if (typeof found === 'string') return flawed(found);
      if ('flaw' in found) return flawed(found.flaw, found.waitMs);
      const read = readDocument(found.json, entries);
      if (!('error' in read)) return read.facts;
      store.forget(url);
      return flawed(`${read.error}: ${read.description}`);
    },
  };
}
