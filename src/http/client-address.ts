// Finds the address of a client behind trusted proxies: the first untrusted hop from the right in
// X-Forwarded-For. It serves the log and limits, and never decides who a caller is.
import { BlockList, isIP } from 'node:net';
import type { RequestHead } from '../core/exchange.js';

export interface ClientAddresses {
  /** From now on these proxies are trusted, and no others. Addresses and CIDR blocks. */
  trust(proxies: readonly string[]): void;
  /** `peer`: the address of the connection. */
  find(peer: string, head: Pick<RequestHead, 'names' | 'values'>): string;
}

/** A chain of proxies is short. A client may send a long header. */
const MAX_HOPS = 20;
const MAPPED = /^::ffff:(?=[0-9.]+$)/i;

const familyOf = (address: string): 'ipv4' | 'ipv6' => (address.includes(':') ? 'ipv6' : 'ipv4');
/** A listener on `::` writes the addresses of IPv4 clients as IPv6. */
const unmapped = (address: string): string => address.replace(MAPPED, '');

function blockList(proxies: readonly string[]): BlockList {
  const list = new BlockList();
  for (const proxy of proxies) {
    const [address = '', bits] = proxy.split('/');
    if (bits === undefined) list.addAddress(address, familyOf(address));
    else list.addSubnet(address, Number(bits), familyOf(address));
  }
  return list;
}

/** The address of one hop, without a port. Null for `unknown`, a name, and anything else. */
function hopAddress(hop: string): string | null {
  const [, bracketed, plain] =
    /^(?:\[([^\]]*)\](?::\d{1,5})?|([^:]*)(?::\d{1,5})?)$/.exec(hop) ?? [];
  const address = unmapped(bracketed ?? plain ?? hop);
  return isIP(address) === 0 || address.includes('%') ? null : address;
}

/** The hops from right to left. The right one was written by the nearest proxy. */
function* hopsOf({ names, values }: Pick<RequestHead, 'names' | 'values'>): Generator<string> {
  for (let i = names.length - 1; i >= 0; i--) {
    if (names[i] !== 'x-forwarded-for') continue;
    const value = values[i] as string;
    let end = value.length;
    while (end >= 0) {
      const comma = end === 0 ? -1 : value.lastIndexOf(',', end - 1);
      yield value.slice(comma + 1, end).trim();
      end = comma;
    }
  }
}

/** A check of the list costs 2 µs (measured), and the same proxies and clients come again. */
const REMEMBERED = 1_000;

/** Tells whether an address is of the list. */
function rememberingCheck(list: BlockList): (address: string) => boolean {
  const known = new Map<string, boolean>();
  return (address) => {
    const before = known.get(address);
    if (before !== undefined) return before;
    const isListed = isIP(address) !== 0 && list.check(address, familyOf(address));
    if (known.size >= REMEMBERED) known.clear();
    known.set(address, isListed);
    return isListed;
  };
}

export function createClientAddresses(): ClientAddresses {
  let isTrusted: ((address: string) => boolean) | null = null;

  return {
    trust(proxies) {
      isTrusted = proxies.length > 0 ? rememberingCheck(blockList(proxies)) : null;
    },
    find(peer, head) {
      if (isTrusted === null) return peer;
      let client = unmapped(peer);
      if (!isTrusted(client)) return peer;
      let hops = 0;
      for (const hop of hopsOf(head)) {
        const address = hops++ < MAX_HOPS ? hopAddress(hop) : null;
        if (address === null) return client;
        client = address;
        if (!isTrusted(client)) return client;
      }
      return client;
    },
  };
}
