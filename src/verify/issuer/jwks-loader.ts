// Fetches one issuer's key set: from `jwksUri`, or from the `jwks_uri` of its metadata, within one
// deadline for both.
import type { Clock } from '../../core/clock.js';
import type { Notify } from '../../core/notice.js';
import { isWrongUrl, type MetadataDocument, urlForLog, withFields } from '../../idp/discovery.js';
import type { FetchJson } from '../../idp/fetch-json.js';
import type { MetadataSource } from '../../idp/metadata.js';
import { readKeySet } from './jwk-set.js';
import type { JwksLoadResult } from './jwks.js';

const MAX_BYTES = 256 * 1024;

export interface JwksLoaderDependencies {
  readonly issuer: string;
  /** Null: from the issuer's metadata. */
  readonly jwksUri: string | null;
  readonly algorithms: readonly string[];
  /** Milliseconds for a whole load: metadata, response head and body. */
  readonly timeoutMs: number;
  readonly metadata: MetadataSource;
  readonly fetchJson: FetchJson;
  readonly clock: Clock;
  readonly notify: Notify;
}

function maxAge(header: string | string[] | undefined): number | null {
  const found = /(?:^|[,\s])max-age=(\d{1,9})/i.exec(String(header ?? ''));
  return found === null ? null : Number(found[1]);
}

export function createJwksLoader(
  dependencies: JwksLoaderDependencies,
): () => Promise<JwksLoadResult> {
  const { issuer, jwksUri, algorithms, timeoutMs, metadata, fetchJson, clock, notify } =
    dependencies;

  let used: MetadataDocument | null = null;
  let unhelpful: MetadataDocument | null = null;

  async function locate(): Promise<string | Extract<JwksLoadResult, { ok: false }>> {
    if (jwksUri !== null) return jwksUri;
    const found = await metadata.get(unhelpful);
    if (!found.ok) {
      const { retryAfterSeconds } = found;
      const detail = withFields(found, 'jwksUri or metadataUrl');
      return { ok: false, detail, retryAfterSeconds };
    }
    used = found.document;
    if (found.metadata.jwksUri !== null) return found.metadata.jwksUri;
    const detail = 'metadata has no usable jwks_uri';
    return { ok: false, detail: withFields({ detail, isMisplaced: true }, 'jwksUri') };
  }

  async function load(): Promise<JwksLoadResult> {
    const started = clock.monotonicMs();
    const url = await locate();
    if (typeof url !== 'string') return url;
    const remainingMs = timeoutMs - (clock.monotonicMs() - started);
    if (remainingMs <= 0) return { ok: false, detail: `no keys within ${timeoutMs} ms` };
    const fetched = await fetchJson({
      url,
      deadlineMs: Math.ceil(remainingMs),
      maxBytes: MAX_BYTES,
    });
    const place = ` at ${urlForLog(url)}`;
    if (fetched.kind === 'transport')
      return { ok: false, detail: `keys: ${fetched.detail}${place}` };
    if (fetched.status !== 200) {
      const retryAfterSeconds = Number(fetched.headers['retry-after']);
      const wait = retryAfterSeconds > 0 ? { retryAfterSeconds } : {};
      const isMisplaced = isWrongUrl(fetched.status);
      const status = { isMisplaced, detail: `keys: status ${fetched.status}${place}` };
      return { ok: false, detail: withFields(status, 'jwksUri'), ...wait };
    }
    const read = await readKeySet(fetched.json, algorithms);
    if (!read.ok)
      return { ok: false, detail: `keys: ${read.detail}${place}`, isEmptySet: read.isKeySet };
    const { skipped, isUsual } = read;
    const level = isUsual ? 'info' : 'warn';
    notify({ event: 'keys.loaded', level, issuer, keys: read.set.keys.length, skipped });
    return { ok: true, set: read.set, maxAgeSeconds: maxAge(fetched.headers['cache-control']) };
  }

  return async () => {
    const loaded = await load();
    // The issuer may have moved its keys: the next load reads newer metadata.
    unhelpful = loaded.ok ? null : used;
    return loaded;
  };
}
