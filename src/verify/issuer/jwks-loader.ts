// Decides how one issuer's key set is fetched: from `jwksUri`, or from where the issuer's metadata points, within one deadline for all. Never
// decides when.
import type { Clock, Notify } from '../../core/clock.js';
import type { FetchJson } from '../fetch-json.js';
import { discover } from './discovery.js';
import { readKeySet } from './jwk-set.js';
import type { Loaded } from './jwks.js';

const MAX_BYTES = 256 * 1024;

export interface JwksLoaderDependencies {
  readonly issuer: string;
  /** Null: from the issuer's metadata. */
  readonly jwksUri: string | null;
  readonly algorithms: readonly string[];
  /** Milliseconds for a load in all: metadata, head and body. */
  readonly timeoutMs: number;
  readonly fetchJson: FetchJson;
  readonly clock: Clock;
  readonly notify: Notify;
}

function maxAge(header: string | string[] | undefined): number | null {
  const found = /(?:^|[,\s])max-age=(\d{1,9})/i.exec(String(header ?? ''));
  return found === null ? null : Number(found[1]);
}

export function createJwksLoader({
  issuer,
  jwksUri,
  algorithms,
  timeoutMs,
  fetchJson,
  clock,
  notify,
}: JwksLoaderDependencies): () => Promise<Loaded> {
  let discovered: string | null = null;

  async function locate(deadlineMs: number): Promise<string | { detail: string }> {
    if (jwksUri !== null) return jwksUri;
    if (discovered !== null) return discovered;
    const found = await discover(issuer, fetchJson, deadlineMs, clock.monotonicMs);
    if (!found.ok) return { detail: found.detail };
    discovered = found.metadata.jwksUri;
    return discovered ?? { detail: 'metadata has no usable jwks_uri' };
  }

  async function load(): Promise<Loaded> {
    const started = clock.monotonicMs();
    const url = await locate(timeoutMs);
    if (typeof url !== 'string') return { ok: false, detail: url.detail };
    const left = timeoutMs - (clock.monotonicMs() - started);
    if (left <= 0) return { ok: false, detail: `no keys within ${timeoutMs} ms` };
    const fetched = await fetchJson({ url, deadlineMs: Math.ceil(left), maxBytes: MAX_BYTES });
    if (fetched.kind === 'transport') return { ok: false, detail: `keys: ${fetched.detail}` };
    if (fetched.status !== 200) {
      const retryAfterSeconds = Number(fetched.headers['retry-after']);
      return {
        ok: false,
        detail: `keys: status ${fetched.status}`,
        ...(retryAfterSeconds > 0 ? { retryAfterSeconds } : {}),
      };
    }
    const read = await readKeySet(fetched.json, algorithms);
    if (!read.ok) return { ok: false, detail: `keys: ${read.detail}` };
    notify({
      event: 'keys.loaded',
      level: read.skipped.length > 0 ? 'warn' : 'info',
      issuer,
      keys: read.set.keys.length,
      skipped: read.skipped,
    });
    return { ok: true, set: read.set, maxAgeSeconds: maxAge(fetched.headers['cache-control']) };
  }

  return async () => {
    const loaded = await load();
    // The issuer may have moved its keys: look again next time.
    if (!loaded.ok) discovered = null;
    return loaded;
  };
}
