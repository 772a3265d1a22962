// Decides in which order the checks run, and what is left when the server cannot be reached. Each check sees what the others have seen.
import { isProtectedUrl } from '../../core/loopback.js';
import { type Check, type Found, fail, ok, type Seen, skipped } from './check.js';
import { browserChecks } from './checks-browser.js';
import { callChecks } from './checks-calls.js';
import { challengeChecks } from './checks-challenge.js';
import { issuerChecks } from './checks-issuer.js';
import { metadataChecks } from './checks-metadata.js';
import { streamChecks } from './checks-streams.js';
import { tokenChecks } from './checks-token.js';
import { createLook, type Look, type Target } from './look.js';
import { header } from './request.js';

const TLS = /CERT|TLS|SSL|EPROTO|SIGNATURE|ISSUER/;

/** Where one of these fails, the others would only tell the same. */
const reachChecks: readonly Check[] = [
  {
    name: 'reachable',
    wants: 'an answer over HTTP, and a certificate that clients believe',
    mend: 'look at the address, the port, the firewall',
    requirement: 'B-01, C-22',
    async look(look) {
      const asked = await look.bare('POST');
      if (asked.kind === 'answer') return ok(`${asked.status}`);
      const mend = 'mend the certificate or its chain: a name that fits, intermediates sent along, not expired';
      return TLS.test(asked.code) ? fail(`${asked.code}: ${asked.detail}`, mend) : fail(`${asked.code}: ${asked.detail}`);
    },
  },
  {
    name: 'no redirect',
    wants: 'the URL itself answers',
    mend: 'give clients the URL at the end of the redirect, and answer there: a redirected POST loses its body or its token',
    requirement: 'D-31',
    async look(look) {
      const asked = await look.bare('POST');
      if (asked.kind !== 'answer') return skipped('no answer');
      return asked.status >= 300 && asked.status < 400 ? fail(`${asked.status} to ${header(asked, 'location')}`) : ok('none');
    },
  },
];

const lineChecks: readonly Check[] = [
  {
    name: 'https',
    wants: 'https, or http on loopback',
    mend: 'put TLS in front: tokens over http belong to whoever listens',
    requirement: 'A-07, C-22',
    look: ({ target: { url } }) => (isProtectedUrl(url) ? ok(new URL(url).protocol.slice(0, -1)) : fail('plain http')),
  },
];

const groups: readonly (readonly Check[])[] = [
  lineChecks,
  challengeChecks,
  metadataChecks,
  issuerChecks,
  browserChecks,
  tokenChecks,
  callChecks,
  streamChecks,
];

export const allChecks: readonly Check[] = [...reachChecks, ...groups.flat()];

/** A server may send what nobody thought of: that is for one check to tell, and not the end of all of them. */
async function judged(check: Check, look: Look): Promise<Seen> {
  try {
    return await check.look(look);
  } catch (error) {
    return fail(`the answer cannot be judged: ${(error as Error).message}`);
  }
}

/** One after the other: what they send is not to look like an attack. `tell` hears of each at once. */
export async function examine(target: Target, tell: (found: Found) => void): Promise<Found[]> {
  const look = createLook(target);
  const found: Found[] = [];
  let reached = true;
  for (const check of allChecks) {
    const seen = reached ? await judged(check, look) : skipped('the server was not reached');
    if (reachChecks.includes(check) && seen.verdict === 'fail') reached = false;
    const one = { check, ...seen };
    found.push(one);
    tell(one);
  }
  await look.talk.end();
  return found;
}
