// Seals short texts with AES-256-GCM (E-08, sealed values). Only a gateway with the same key ring
// can make or open them. Opening also needs the additional data of the sealing.
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import type { Secret } from '../core/secret.js';

const CIPHER = 'aes-256-gcm';
/** The first byte of a sealed text. It stands for the cipher and the layout below. */
const VERSION = 1;
const KEY_ID_BYTES = 4;
/** Random nonces allow 2^32 texts for each key (NIST SP 800-38D section 8.2.2). */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const NONCE_AT = 1 + KEY_ID_BYTES;
const TEXT_AT = NONCE_AT + NONCE_BYTES;

export interface SealingKey {
  /** Returns the sealed text in base64url. `bound`: the additional data that opening needs. */
  seal(text: string, bound: string): string;
  /** Returns the text; null where it was sealed with another key or other additional data. */
  open(sealed: Buffer, bound: string): string | null;
  /** HMAC-SHA-256 of a secret in base64url. The gateway keeps this in place of the secret. */
  keyedHash(secret: string): string;
}

/** Its methods take sealed texts as `sealedBytes` returns them. */
export interface KeyRing {
  readonly newest: SealingKey;
  /** The key whose id the sealed text names; null where the ring does not have it. */
  findKey(sealed: Buffer): SealingKey | null;
}

/**
 * Decodes a sealed text; null where it cannot be one. Each has one spelling: base64url without
 * padding and without loose bits.
 */
export function sealedBytes(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length < TEXT_AT + TAG_BYTES || bytes[0] !== VERSION) return null;
  return bytes.toString('base64url') === text ? bytes : null;
}

/**
 * HKDF (RFC 5869). Keys of one purpose cannot open texts of another, and the key id reveals nothing
 * about the key.
 */
const deriveBytes = (key: Buffer, purpose: string, part: string, bytes: number): Buffer =>
  Buffer.from(hkdfSync('sha256', key, '', `portcullis ${purpose} ${part}`, bytes));

/**
 * UTF-16, because UTF-8 encodes all halves of surrogate pairs alike. Two subjects that differ in
 * such a half would share their sessions.
 */
const additionalData = (bound: string): Buffer => Buffer.from(bound, 'utf16le');

function sealingKey(id: Buffer, key: KeyObject, hashKey: KeyObject): SealingKey {
  const head = Buffer.concat([Buffer.of(VERSION), id]);
  return {
    seal(text, bound) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAAD(
        additionalData(bound),
      );
      const ciphertext = cipher.update(text, 'utf8');
      cipher.final();
      return Buffer.concat([head, nonce, ciphertext, cipher.getAuthTag()]).toString('base64url');
    },
    open(sealed, bound) {
      const nonce = sealed.subarray(NONCE_AT, TEXT_AT);
      const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAAD(
        additionalData(bound),
      );
      decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
      const text = decipher.update(sealed.subarray(TEXT_AT, -TAG_BYTES), undefined, 'utf8');
      try {
        return text + decipher.final('utf8');
      } catch {
        return null;
      }
    },
    keyedHash: (secret) => createHmac('sha256', hashKey).update(secret).digest('base64url'),
  };
}

/**
 * `keys`: 32 bytes in base64 each, the newest first. The newest key seals. Each key opens the texts
 * that it sealed.
 */
export function createKeyRing(keys: readonly Secret[], purpose: string): KeyRing {
  const ring = keys.map((secret) => {
    const root = Buffer.from(secret.reveal(), 'base64');
    const id = deriveBytes(root, purpose, 'key id', KEY_ID_BYTES);
    const [key, hashKey] = ['key', 'names'].map((part) =>
      createSecretKey(deriveBytes(root, purpose, part, 32)),
    );
    return { id, key: sealingKey(id, key as KeyObject, hashKey as KeyObject) };
  });
  const [newest] = ring;
  if (newest === undefined) throw new Error('a key ring needs at least one key');
  return {
    newest: newest.key,
    findKey: (sealed) =>
      ring.find(({ id }) => id.equals(sealed.subarray(1, NONCE_AT)))?.key ?? null,
  };
}
