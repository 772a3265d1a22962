// Decides where an issuer's documents are: its authorization server metadata (RFC 8414 section 3.1, then OpenID discovery), believed
// only if it names the very issuer that is configured (C-24). Never fetches keys.
import { isObject } from '../../core/json.js';
import { isProtectedUrl } from '../../core/loopback.js';
import type { FetchJson } from '../fetch-json.js';

export interface IssuerMetadata {
  readonly jwksUri: string | null;
  readonly introspectionEndpoint: string | null;
}

/** A metadata document as the issuer sent it, and what it says. */
export interface MetadataDocument {
  readonly body: Buffer;
  readonly json: Readonly<Record<string, unknown>>;
}

export type Discovered =
  | { readonly ok: true; readonly metadata: IssuerMetadata; readonly document: MetadataDocument }
  | { readonly ok: false; readonly detail: string };

/** A log line has no room for a novel. */
const NAME_CHARACTERS = 200;
const MAX_BYTES = 256 * 1024;

/** The places to look, in order. */
export function metadataUrls(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  const urls = [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ];
  return urls;
}

/** A URL that an issuer's metadata may send us to: plain http only where the issuer itself stands on loopback. */
function pointsTo(issuer: string, url: unknown): string | null {
  return isProtectedUrl(url) && (url.startsWith('https:') || issuer.startsWith('http:'))
    ? url
    : null;
}

/** `deadlineMs` is for all attempts together. */
export async function discover(
  issuer: string,
  fetchJson: FetchJson,
  deadlineMs: number,
  monotonicMs: () => number,
): Promise<Discovered> {
  const until = monotonicMs() + deadlineMs;
  let detail = 'no metadata found';
  for (const url of metadataUrls(issuer)) {
    const left = until - monotonicMs();
    if (left <= 0) return { ok: false, detail: `no metadata within ${deadlineMs} ms` };
    const fetched = await fetchJson({ url, deadlineMs: Math.ceil(left), maxBytes: MAX_BYTES });
    if (fetched.kind === 'transport') {
      detail = `metadata: ${fetched.detail}`;
      continue;
    }
    if (fetched.status !== 200 || !isObject(fetched.json)) {
      detail = `metadata: status ${fetched.status}${fetched.status === 200 ? ', no JSON object' : ''}`;
      continue;
    }
    const { issuer: named, jwks_uri, introspection_endpoint } = fetched.json;
    if (named !== issuer) {
      // Most often a slash more or less: then both are to be seen.
      detail = `metadata names another issuer: ${String(named).slice(0, NAME_CHARACTERS)}`;
      continue;
    }
    return {
      ok: true,
      metadata: {
        jwksUri: pointsTo(issuer, jwks_uri),
        introspectionEndpoint: pointsTo(issuer, introspection_endpoint),
      },
      document: { body: fetched.body, json: fetched.json },
    };
  }
  return { ok: false, detail };
}
