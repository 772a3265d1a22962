// Checks the keys that seal sessions, 32 random bytes each, and lists them, the newest first.
import { type Secret, secret } from '../core/secret.js';
import type { Problem } from './problems.js';

const KEY_BYTES = 32;
/** Base64 or base64url, with or without padding. */
const KEY = /^[A-Za-z0-9+/_-]{43}=?$/;
/** About 30 of 32 random bytes differ. A key with fewer than this is a placeholder or a word. */
const DIFFERENT_BYTES = 16;
const HINT = 'create keys with: openssl rand -base64 32';

function flawOf(key: string): string | null {
  const bytes = Buffer.from(key, 'base64');
  if (!KEY.test(key) || bytes.length !== KEY_BYTES)
    return `holds a key that is not ${KEY_BYTES} bytes in base64; ${HINT}`;
  return new Set(bytes).size < DIFFERENT_BYTES ? `holds a key that is not random; ${HINT}` : null;
}

/**
 * The keys of all references. One reference can hold several keys, separated by white space or
 * commas, so that one variable or file holds a whole key ring.
 */
export function sessionKeys(references: readonly (Secret | undefined)[]): {
  keys: Secret[];
  problems: Problem[];
} {
  const problems: Problem[] = [];
  const ring = new Map<string, Secret>();
  for (const [i, reference] of references.entries()) {
    if (reference === undefined) continue;
    const keys = reference
      .reveal()
      .split(/[\s,]+/)
      .filter((key) => key !== '');
    const flaws = keys.map(flawOf).filter((flaw) => flaw !== null);
    const spelled = keys.map((key) => Buffer.from(key, 'base64').toString('base64'));
    if (keys.length === 0) flaws.push(`holds no key; ${HINT}`);
    if (flaws.length === 0 && spelled.some((key, j) => ring.has(key) || spelled.indexOf(key) < j))
      flaws.push('holds a key that occurs twice; keep one');
    problems.push(...flaws.slice(0, 1).map((message) => ({ path: ['sessionKeys', i], message })));
    for (const key of spelled) ring.set(key, secret(key));
  }
  return { keys: [...ring.values()], problems };
}
