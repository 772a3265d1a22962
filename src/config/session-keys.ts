// Decides which keys will do to seal sessions: 32 random bytes each, the newest first. Never decides how they seal.
import { type Secret, secret } from '../core/secret.js';
import type { Path, Problem } from './problems.js';
import { type Environment, resolveSecret } from './secrets.js';

const KEY_BYTES = 32;
/** In base64 or base64url, with or without padding. */
const KEY = /^[A-Za-z0-9+/_-]{43}=?$/;
/** Of 32 random bytes some 30 differ; fewer than this is a placeholder, or somebody's name. */
const DIFFERENT_BYTES = 16;
const HINT = 'write keys made with: openssl rand -base64 32';

function flawOf(key: string): string | null {
  const bytes = Buffer.from(key, 'base64');
  if (!KEY.test(key) || bytes.length !== KEY_BYTES)
    return `holds what is no key of ${KEY_BYTES} bytes in base64; ${HINT}`;
  return new Set(bytes).size < DIFFERENT_BYTES ? `holds a key that is not random; ${HINT}` : null;
}

/** One reference holds one key or several, with white space or commas between them, so that a ring can be one variable or file. */
export function sessionKeys(
  references: readonly (string | undefined)[],
  environment: Environment,
  problems: Problem[],
): Secret[] {
  const ring = new Map<string, Secret>();
  for (const [i, reference] of references.entries()) {
    if (reference === undefined) continue;
    const path: Path = ['sessionKeys', i];
    const held = resolveSecret(reference, path, environment, problems);
    const keys =
      held === null
        ? []
        : held
            .reveal()
            .split(/[\s,]+/)
            .filter((key) => key !== '');
    const flaws = keys.map(flawOf).filter((flaw) => flaw !== null);
    const spelled = keys.map((key) => Buffer.from(key, 'base64').toString('base64'));
    if (held !== null && keys.length === 0) flaws.push(`holds no key; ${HINT}`);
    if (flaws.length === 0 && spelled.some((key, j) => ring.has(key) || spelled.indexOf(key) < j))
      flaws.push('holds a key that stands twice; keep one');
    problems.push(...flaws.slice(0, 1).map((message) => ({ path, message })));
    for (const key of spelled) ring.set(key, secret(key));
  }
  return [...ring.values()];
}
