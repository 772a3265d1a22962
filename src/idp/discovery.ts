// Fetches the metadata of an issuer (RFC 8414 section 3.1, then OpenID discovery). The
// document must name exactly the configured issuer (C-24, issuer in metadata).
import { isObject } from '../core/json.js';
import { isAllowedUrl } from '../core/loopback.js';
import { nearMiss, nearMissText } from '../core/near-miss.js';
import type { FetchJson } from './fetch-json.js';

export interface IssuerMetadata {
  readonly jwksUri: string | null;
  readonly introspectionEndpoint: string | null;
  readonly tokenEndpoint: string | null;
  readonly authorizationEndpoint: string | null;
  readonly revocationEndpoint: string | null;
}

/** A metadata document: the bytes as the issuer sent them, and their JSON. */
export interface MetadataDocument {
  readonly body: Buffer;
  readonly json: Readonly<Record<string, unknown>>;
}

export type Discovered =
  | { readonly ok: true; readonly metadata: IssuerMetadata; readonly document: MetadataDocument }
  | NotDiscovered;

export interface NotDiscovered {
  readonly ok: false;
  readonly detail: string;
  /** True: the issuer responds, but has no usable document at these places. */
  readonly isMisplaced: boolean;
  /** The setting to write, where the metadata names almost the configured issuer. */
  readonly fix?: string;
}

/** The detail, with the fields that help where the metadata is elsewhere or absent. */
export const withFields = (
  { detail, isMisplaced }: Pick<NotDiscovered, 'detail' | 'isMisplaced'>,
  fields: string,
): string => (isMisplaced ? `${detail}; set ${fields} of this issuer` : detail);

/** True for a status by which a working server says that it has no such document. */
export const isWrongUrl = (status: number): boolean =>
  status < 500 && status !== 408 && status !== 429;

/** A URL for the log, without the parts that could have a password. */
export const urlForLog = (url: string): string => {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`.slice(0, NAME_CHARACTERS);
};

/** The configuration of the place of the metadata. */
export interface MetadataPlace {
  /** The only URL to ask. Null: the standard places of the issuer. */
  readonly metadataUrl: string | null;
  /** Names that a document at `metadataUrl` may have beside the issuer's own. */
  readonly authorizationServers: readonly string[];
  /** True: plain http is allowed beyond loopback, for this document and for what it names. */
  readonly allowInsecureHttp: boolean;
}

/**
 * How to fix a configured name that almost equals the name in the metadata; null for other names.
 * Fields such as jwksUri do not help: the tokens have the name of the metadata.
 */
function nearNameFix(named: string, names: readonly string[]): string | null {
  // A name that was cut is not one to write.
  const near = named.length > NAME_CHARACTERS ? null : nearMiss(named, names, false, true);
  if (near === null) return null;
  const field = near.known === names[0] ? 'issuer' : 'authorizationServers';
  // Plain http in place of https would let an attacker replace the keys.
  const isWeaker = /^https:/i.test(near.known) && /^http:/i.test(named);
  const fix = isWeaker
    ? `correct the public URL of the identity provider: its metadata names ${named}`
    : `write ${field}: ${named}, as its metadata does`;
  return `${fix} (${nearMissText(near)})`;
}

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

/**
 * The URL if the gateway may use it, else null. A document that came over https never leads to
 * plain http, not even on loopback, unless the operator allows plain http.
 */
function allowedUrl(from: string, url: unknown, allowInsecureHttp: boolean): string | null {
  if (!isAllowedUrl(url, allowInsecureHttp)) return null;
  return new URL(url).protocol === 'https:' || from.startsWith('http:') || allowInsecureHttp
    ? url
    : null;
}

/** `deadlineMs`: for all attempts together, in milliseconds. */
export async function discover(
  issuer: string,
  fetchJson: FetchJson,
  deadlineMs: number,
  monotonicMs: () => number,
  place: Partial<MetadataPlace> = {},
): Promise<Discovered> {
  const { metadataUrl = null, authorizationServers = [], allowInsecureHttp = false } = place;
  const until = monotonicMs() + deadlineMs;
  const hasPlaces = isAllowedUrl(issuer, allowInsecureHttp) && !/[?#]/.test(issuer);
  const urls = metadataUrl !== null ? [metadataUrl] : hasPlaces ? metadataUrls(issuer) : [];
  const details: string[] =
    urls.length > 0 ? [] : ['the issuer is not an https URL: write its metadataUrl'];
  let isMisplaced = urls.length > 0;
  let hint = '';
  let fix: string | null = null;
  for (const url of urls) {
    const remainingMs = until - monotonicMs();
    if (remainingMs <= 0)
      return { ok: false, detail: `no metadata within ${deadlineMs} ms`, isMisplaced: false };
    const fetched = await fetchJson({
      url,
      deadlineMs: Math.ceil(remainingMs),
      maxBytes: MAX_BYTES,
    });
    if (fetched.kind === 'transport') {
      details.push(`${fetched.detail} at ${urlForLog(url)}`);
      isMisplaced = false;
      continue;
    }
    if (fetched.status !== 200 || !isObject(fetched.json)) {
      const reason = fetched.status === 200 ? ', not a JSON object' : '';
      details.push(`status ${fetched.status}${reason} at ${urlForLog(url)}`);
      isMisplaced &&= isWrongUrl(fetched.status);
      continue;
    }
    const { json } = fetched;
    const named = json.issuer;
    // The operator wrote these names beside this very URL, so no other issuer can be mixed in.
    const names = metadataUrl === null ? [issuer] : [issuer, ...authorizationServers];
    if (!names.some((name) => name === named)) {
      // Usually a slash is missing or extra, so the log shows the name.
      details.push(
        `${urlForLog(url)} names another issuer: ${String(named).slice(0, NAME_CHARACTERS)}`,
      );
      fix ??= nearNameFix(String(named), names);
      hint = '; compare issuer with iss of a token';
      continue;
    }
    const allowed = (member: string): string | null =>
      allowedUrl(url, json[member], allowInsecureHttp);
    return {
      ok: true,
      metadata: {
        jwksUri: allowed('jwks_uri'),
        introspectionEndpoint: allowed('introspection_endpoint'),
        tokenEndpoint: allowed('token_endpoint'),
        authorizationEndpoint: allowed('authorization_endpoint'),
        revocationEndpoint: allowed('revocation_endpoint'),
      },
      document: { body: fetched.body, json },
    };
  }
  // The fix comes first, because a terminal and some logs cut long lines.
  if (fix !== null)
    return {
      ok: false,
      detail: `metadata: ${fix}; ${details.join(', ')}`,
      isMisplaced: false,
      fix,
    };
  return { ok: false, detail: `metadata: ${details.join(', ')}${hint}`, isMisplaced };
}
