// The schema of `trustedProxies`: the proxies in front of the gateway whose X-Forwarded-For names
// the client.
import { isIP } from 'node:net';
import { z } from 'zod';

const HINT = 'write an address or a CIDR block, such as 10.0.0.0/8';
const EVERYONE =
  'with this block each client could choose its own address; write the blocks of your proxies';
const MAPPED = 'write the IPv4 block itself, without ::ffff:';

/** The message for a text that is not a block of proxies; null where it is one. */
function blockFlaw(value: string): string | null {
  const [, address = '', bits] = /^([0-9A-Fa-f:.]+)(?:\/(\d{1,3}))?$/.exec(value) ?? [];
  const version = isIP(address);
  if (version === 0 || Number(bits ?? 0) > (version === 4 ? 32 : 128)) return HINT;
  if (/^::ffff:/i.test(address)) return MAPPED;
  return bits !== undefined && Number(bits) === 0 ? EVERYONE : null;
}

const block = z.string({ error: HINT }).superRefine((value, context) => {
  const message = blockFlaw(value);
  if (message !== null) context.addIssue({ code: 'custom', message });
});

export const trustedProxies = z
  .array(block, { error: 'write a list of addresses or CIDR blocks, such as [10.0.0.0/8]' })
  .default([]);
