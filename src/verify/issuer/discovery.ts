// Fetches the metadata of an issuer (RFC 8414 section 3.1, then OpenID discovery). The
// document must name exactly the configured issuer (C-24, issuer in metadata).
import { isObject } from '../../core/json.js';
import { isProtectedUrl } from '../../core/loopback.js';
import type { FetchJson } from '../fetch-json.js';

export interface IssuerMetadata {
  readonly jwksUri: string | null;
  readonly introspectionEndpoint: string | null;
}

/** A metadata document: the bytes as the issuer sent them, and their JSON. */
export interface MetadataDocument {
  readonly body: Buffer;
  readonly json: Readonly<Record<string, unknown>>;
}

export type Discovered =
  | { readonly ok: true; readonly metadata: IssuerMetadata; readonly document: MetadataDocument }
  | { readonly ok: false; readonly detail: string };

/** Longest issuer name in a log line. */
const NAME_CHARACTERS = 200;
const MAX_BYTES = 256 * 1024;

/** The URLs to try, in order. */
export function metadataUrls(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  return [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ];
}

/** The URL if the gateway may use it, else null. Plain http only for an issuer on loopback. */
function allowedUrl(issuer: string, url: unknown): string | null {
  return isProtectedUrl(url) && (url.startsWith('https:') || issuer.startsWith('http:'))
    ? url
    : null;
}

/** `deadlineMs`: for all attempts together, in milliseconds. */
export async function discover(
  issuer: string,
  fetchJson: FetchJson,
  deadlineMs: number,
  monotonicMs: () => number,
): Promise<Discovered> {
  const until = monotonicMs() + deadlineMs;
  let detail = 'no metadata found';
  for (const url of metadataUrls(issuer)) {
    const remainingMs = until - monotonicMs();
    if (remainingMs <= 0) return { ok: false, detail: `no metadata within ${deadlineMs} ms` };
    const fetched = await fetchJson({
      url,
      deadlineMs: Math.ceil(remainingMs),
      maxBytes: MAX_BYTES,
    });
    if (fetched.kind === 'transport') {
      detail = `metadata: ${fetched.detail}`;
      continue;
    }
    if (fetched.status !== 200 || !isObject(fetched.json)) {
      const reason = fetched.status === 200 ? ', not a JSON object' : '';
      detail = `metadata: status ${fetched.status}${reason}`;
      continue;
    }
    const { issuer: named, jwks_uri, introspection_endpoint } = fetched.json;
    if (named !== issuer) {
      // Usually a slash is missing or extra, so the log shows the name.
      detail = `metadata names another issuer: ${String(named).slice(0, NAME_CHARACTERS)}`;
      continue;
    }
    return {
      ok: true,
      metadata: {
        jwksUri: allowedUrl(issuer, jwks_uri),
        introspectionEndpoint: allowedUrl(issuer, introspection_endpoint),
      },
      document: { body: fetched.body, json: fetched.json },
    };
  }
  return { ok: false, detail };
}
