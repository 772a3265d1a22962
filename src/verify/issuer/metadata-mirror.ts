// Decides which copy of an issuer's metadata may be shown beside the endpoints, for clients that look for it there alone: the last good
// one, letter for letter. Fetched in the background, so that no request ever waits for it or causes it. Never decides where it stands.
import type { Clock, Notify, Scheduler } from '../../core/clock.js';
import type { FetchJson } from '../fetch-json.js';
import { discover, type MetadataDocument } from './discovery.js';

export interface MetadataMirror {
  /** Null until the first good copy; kept from then on, whatever becomes of the issuer. */
  body(): Buffer | null;
  /** Starts to fetch, and goes on until `stop`. */
  start(): void;
  stop(): void;
}

export interface MetadataMirrorDependencies {
  readonly issuer: string;
  /** Adds what the issuer fails to say of PKCE; some clients do not log in without it. The only thing that is ever changed. */
  readonly addS256: boolean;
  readonly fetchJson: FetchJson;
  readonly clock: Clock;
  readonly later: Scheduler;
  readonly notify: Notify;
  /** 0..1, for jitter. */
  readonly random: () => number;
}

const DEADLINE_MS = 5_000;
const REFRESH_MS = 3_600_000;
const BACKOFF_MS = { first: 1_000, longest: 300_000 };
const PKCE_METHODS = 'code_challenge_methods_supported';

function shown({ body, json }: MetadataDocument, addS256: boolean): Buffer {
  if (!addS256 || Object.hasOwn(json, PKCE_METHODS)) return body;
  return Buffer.from(JSON.stringify({ ...json, [PKCE_METHODS]: ['S256'] }));
}

export function createMetadataMirror(parts: MetadataMirrorDependencies): MetadataMirror {
  const { issuer, addS256, fetchJson, clock, later, notify, random } = parts;
  let copy: Buffer | null = null;
  let failures = 0;
  let stopped = false;
  let cancel = (): void => {};

  function failed(detail: string): number {
    // The first of a row is told; an issuer without metadata would fill the log with the others.
    const level = failures === 0 ? 'warn' : 'debug';
    notify({ event: 'metadata.load_failed', level, issuer, detail, stale: copy !== null });
    const ceiling = Math.min(BACKOFF_MS.longest, BACKOFF_MS.first * 2 ** failures++);
    return ceiling * (0.5 + random() / 2);
  }

  function succeeded(document: MetadataDocument): number {
    if (copy === null || failures > 0) notify({ event: 'metadata.loaded', level: 'info', issuer });
    copy = shown(document, addS256);
    failures = 0;
    return REFRESH_MS;
  }

  async function look(): Promise<void> {
    const found = await discover(issuer, fetchJson, DEADLINE_MS, clock.monotonicMs);
    if (stopped) return;
    cancel = later(found.ok ? succeeded(found.document) : failed(found.detail), () => void look());
  }

  return {
    body: () => copy,
    start: () => void look(),
    stop() {
      stopped = true;
      cancel();
    },
  };
}
