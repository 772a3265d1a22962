// Fetches a JSON document whose URL a stranger chose: from a public address and port 443 alone,
// over a connection of its own. The addresses are checked where the connection takes them, so that
// a name with changing addresses gains nothing (DNS rebinding).
import { promises as dns } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { createFetchAlone, type Fetch, type Fetched } from './fetch-json.js';
import { isPublicAddress } from './public-address.js';

/** `url`: https, without a user name. Never rejects; a forbidden place is kind `transport`. */
export type PublicFetch = (
  fetch: Pick<Fetch, 'url' | 'deadlineMs' | 'maxBytes'>,
) => Promise<Fetched>;

/** For tests, which have loopback alone. */
export interface PublicFetchParts {
  /** All addresses of a host name. */
  readonly resolve?: (hostname: string) => Promise<readonly string[]>;
  readonly isPublic?: (address: string) => boolean;
  /** The only port that a URL may name. Default: none, so 443. */
  readonly port?: string;
  /** PEM. Default: the authorities of Node. */
  readonly ca?: string;
}

const QUERY_MS = 1_500;
const QUERIES = 2;
/** Names are those of strangers, so at most these at once. */
const MAX_IN_PROGRESS = 16;

/**
 * Asks the name server without the threads of Node: a stranger's name server that hangs would keep
 * the lookups of all others waiting.
 */
async function resolveName(hostname: string): Promise<readonly string[]> {
  const resolver = new dns.Resolver({ timeout: QUERY_MS, tries: QUERIES });
  const found = await Promise.allSettled([
    resolver.resolve4(hostname),
    resolver.resolve6(hostname),
  ]);
  const addresses = found.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  const [first] = found;
  if (addresses.length === 0 && first?.status === 'rejected') throw first.reason;
  return addresses;
}

const forbidden = (detail: string): Fetched => ({ kind: 'transport', detail });
const NOT_PUBLIC = 'the host has an address that is not public';

/** Gives a connection its addresses. One that is not public ends it, beside public ones too. */
function publicLookup(
  resolve: (hostname: string) => Promise<readonly string[]>,
  isPublic: (address: string) => boolean,
): LookupFunction {
  async function addressesOf(hostname: string): Promise<{ address: string; family: number }[]> {
    const addresses = await resolve(hostname);
    // The message becomes the code of the error, and so the reason in the log.
    if (addresses.length === 0) throw Object.assign(new Error(), { code: 'ENOTFOUND' });
    if (!addresses.every(isPublic)) throw Object.assign(new Error(), { code: NOT_PUBLIC });
    return addresses.map((address) => ({ address, family: isIP(address) }));
  }
  return (hostname, { all }, callback) => {
    addressesOf(hostname).then(
      (found) => {
        const [first] = found as [{ address: string; family: number }];
        if (all === true) callback(null, found);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, ''),
    );
  };
}

export function createPublicFetch(parts: PublicFetchParts = {}): PublicFetch {
  const { resolve = resolveName, isPublic = isPublicAddress, port = '', ca } = parts;
  const lookup = publicLookup(resolve, isPublic);
  const fetchAlone = createFetchAlone({ lookup, ...(ca === undefined ? {} : { ca }) });
  let inProgress = 0;

  return async (fetch) => {
    const { protocol, hostname, port: named } = new URL(fetch.url);
    if (protocol !== 'https:') return forbidden('not https');
    if (named !== port) return forbidden('a port other than 443');
    // No lookup comes before a connection to a literal address.
    const literal = hostname.replace(/^\[|\]$/g, '');
    if (isIP(literal) !== 0 && !isPublic(literal)) return forbidden(NOT_PUBLIC);
    if (inProgress >= MAX_IN_PROGRESS) return forbidden('too many fetches in progress');
    inProgress += 1;
    try {
      return await fetchAlone(fetch);
    } finally {
      inProgress -= 1;
    }
  };
}
