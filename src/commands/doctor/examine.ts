// Decides in which order the checks run, and what is left when the server cannot be reached. Each check sees what the others have seen.
import { isProtectedUrl } from '../../core/loopback.js';
import { type Check, type Found, fail, ok, type Seen, skipped } from './check.js';
import { browserChecks } from './checks-browser.js';
import { callChecks } from './checks-calls.js';
import { challengeChecks } from './checks-challenge.js';
import { issuerChecks } from './checks-issuer.js';
import { metadataChecks } from './checks-metadata.js';
import { reachChecks, serverCheck } from './checks-reach.js';
import { streamChecks } from './checks-streams.js';
import { tokenChecks } from './checks-token.js';
import { createLook, type Look, type Target } from './look.js';

const lineChecks: readonly Check[] = [
  {
    name: 'https',
    wants: 'https, or http on loopback',
    mend: 'put TLS in front: tokens over http belong to whoever listens',
    requirement: 'A-07, C-22',
    look: ({ target: { url } }) =>
      isProtectedUrl(url) ? ok(new URL(url).protocol.slice(0, -1)) : fail('plain http'),
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

/**
 * One after the other: what they send is not to look like an attack. `begin` hears of each check that is made, `tell` of what it found, at
 * once; those that are not made any more stand in the result alone.
 */
export async function examine(
  target: Target,
  tell: (found: Found) => void,
  begin: (check: Check) => void = () => {},
): Promise<Found[]> {
  const look = createLook(target);
  const found: Found[] = [];
  let ended: string | null = null;
  for (const check of allChecks) {
    if (ended !== null) {
      found.push({ check, ...skipped(ended) });
      continue;
    }
    begin(check);
    const one = { check, ...(await judged(check, look)) };
    if (reachChecks.includes(check) && one.verdict === 'fail')
      ended = check === serverCheck ? 'no MCP server was found' : 'the server was not reached';
    found.push(one);
    tell(one);
  }
  await look.talk.end();
  return found;
}
