// Makes up tokens that no server accepts, in any length.
import { randomBytes } from 'node:crypto';
import { CLIENT_NAME } from './client-name.js';

/** Longer than an opaque token with the name of the doctor. */
const SHORTEST_JWT = 512;

const base64url = (text: string): string => Buffer.from(text).toString('base64url');

/**
 * A long token is an unsigned JWT of an issuer that cannot exist: a server rejects it without
 * asking its identity provider. The text of a short one differs in each call.
 */
export function madeUpToken(length: number): string {
  const random = randomBytes(12).toString('hex');
  if (length < SHORTEST_JWT) return `${CLIENT_NAME}-${random}`;
  // The spaces distinguish it from a real token at a glance.
  const header = base64url('{ "alg": "RS256", "typ": "at+jwt" }');
  const start = `{ "iss": "https://${CLIENT_NAME}.invalid", "jti": "${random}", "filler": "`;
  const room = length - header.length - 2 - 43;
  const filler = 'x'.repeat(Math.floor((room * 3) / 4) - start.length - 2);
  const claims = base64url(`${start}${filler}"}`);
  return `${header}.${claims}.`.padEnd(length, 'A');
}
