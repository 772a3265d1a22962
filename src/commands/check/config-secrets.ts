// Finds the secrets of a resolved configuration, so that no output of a check can repeat one. A
// server could quote the secret that it got.
import { isObject } from '../../core/json.js';

/** Shorter texts are in ordinary words, and no server would quote them alone. */
const SHORTEST = 6;

const revealed = (value: object): string | null =>
  'reveal' in value && typeof value.reveal === 'function' ? String(value.reveal()) : null;

/** Also without the scheme, as in `Bearer abc`. The scheme alone is a word of many messages. */
function forms(secret: string): string[] {
  const [first = '', ...rest] = secret.split(/\s+/);
  const parts = /^[a-z-]+$/i.test(first) ? rest : [first, ...rest];
  return [secret, ...parts].filter((one) => one.length >= SHORTEST);
}

export function secretsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(secretsOf);
  if (!isObject(value)) return [];
  const secret = revealed(value);
  return secret === null ? Object.values(value).flatMap(secretsOf) : forms(secret);
}
