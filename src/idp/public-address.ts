// Tells whether an address is one of the public internet. A URL that a stranger chose must not lead
// to the network of the gateway (IANA IPv4 and IPv6 Special-Purpose Address Registries).
import { BlockList, isIP } from 'node:net';

type Block = readonly [address: string, bits: number];

const SPECIAL_IPV4: readonly Block[] = [
  // This host, private, shared (RFC 6598), loopback, link-local, private.
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  // Protocols, examples, relays of 6to4, tests of speed, more examples.
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  // Multicast, reserved, broadcast.
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/**
 * All that IANA has given out. Loopback, link-local, private, multicast, IPv4-mapped addresses and
 * those of NAT64 (RFC 6052) are outside.
 */
const UNICAST_IPV6: Block = ['2000::', 3];
/** Within it: protocols (Teredo too), examples, 6to4 with its IPv4 address, more examples. */
const SPECIAL_IPV6: readonly Block[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

function listOf(blocks: readonly Block[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const [address, bits] of blocks) list.addSubnet(address, bits, family);
  return list;
}

const specialIpv4 = listOf(SPECIAL_IPV4, 'ipv4');
const unicastIpv6 = listOf([UNICAST_IPV6], 'ipv6');
const specialIpv6 = listOf(SPECIAL_IPV6, 'ipv6');

/** False also for a text that is not an address, and for an address with a zone. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !specialIpv4.check(address, 'ipv4');
  if (family !== 6 || address.includes('%')) return false;
  return unicastIpv6.check(address, 'ipv6') && !specialIpv6.check(address, 'ipv6');
}
