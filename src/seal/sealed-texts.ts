// Sealed texts of one purpose, with an end. A text of one purpose is worth nothing at another. Each
// purpose has keys of its own, and its name is a part of the additional data.
import type { Clock } from '../core/clock.js';
import type { Secret } from '../core/secret.js';
import { createKeyRing, sealedBytes } from './key-ring.js';

export type Opened<T> =
  | { readonly ok: true; readonly value: T }
  /** `foreign`: not sealed here for this purpose, or changed since. */
  | { readonly ok: false; readonly flaw: 'foreign' | 'expired' };

export interface SealedTexts<T> {
  /** `seconds`: until its end. Null: it has none. */
  seal(value: T, seconds: number | null): string;
  open(text: string): Opened<T>;
  /** A secret that belongs to a sealed text, always the same one; null for a foreign text. */
  secretFor(text: string): string | null;
}

/** Longer than any text that is sealed here. A caller can send a longer one. */
const MAX_CHARACTERS = 16_384;

interface Content<T> {
  readonly value: T;
  /** Seconds since the epoch. Absent: no end. */
  readonly exp?: number;
}

/**
 * `keys`: 32 bytes in base64 each, the newest first. `typ`: the purpose. `owner`: who seals, such
 * as an issuer; a text of another owner is foreign.
 */
export function createSealedTexts<T>(
  keys: readonly Secret[],
  typ: string,
  owner: string,
  clock: Clock,
): SealedTexts<T> {
  const ring = createKeyRing(keys, typ);
  const bound = `${typ} ${owner}`;
  const bytesOf = (text: string): Buffer | null =>
    text.length > MAX_CHARACTERS ? null : sealedBytes(text);
  const openText = (bytes: Buffer | null): string | null =>
    bytes === null ? null : (ring.findKey(bytes)?.open(bytes, bound) ?? null);

  return {
    seal(value, seconds) {
      const end = seconds === null ? {} : { exp: Math.floor(clock.wallMs() / 1000) + seconds };
      const content: Content<T> = { value, ...end };
      return ring.newest.seal(JSON.stringify(content), bound);
    },
    open(text) {
      const opened = openText(bytesOf(text));
      if (opened === null) return { ok: false, flaw: 'foreign' };
      const { value, exp } = JSON.parse(opened) as Content<T>;
      const isOver = exp !== undefined && clock.wallMs() >= exp * 1000;
      return isOver ? { ok: false, flaw: 'expired' } : { ok: true, value };
    },
    secretFor(text) {
      const bytes = bytesOf(text);
      if (bytes === null || openText(bytes) === null) return null;
      return ring.findKey(bytes)?.keyedHash(text) ?? null;
    },
  };
}
