// Decides how a short text is sealed: only who holds the key ring can make or read it, and only together with what it is bound to
// (AES-256-GCM; E-08). Never decides what is sealed, for whom, or for how long.
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
/** First byte of what is sealed: the layout below, and the cipher. */
const VERSION = 1;
const KEY_ID_BYTES = 4;
/** Random (NIST SP 800-38D section 8.2.2): 2^32 texts for each key. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const NONCE_AT = 1 + KEY_ID_BYTES;
const TEXT_AT = NONCE_AT + NONCE_BYTES;

export interface SealingKey {
  /** In base64url. */
  seal(text: string, bound: string): string;
  /** Null where this was not sealed with this key, and bound to just this. */
  open(sealed: Buffer, bound: string): string | null;
  /** What a secret is known by beside this key, so that none has to be kept. */
  nameOf(secret: string): string;
}

/** Sealed texts are given to it as `sealedBytes`. */
export interface KeyRing {
  readonly newest: SealingKey;
  /** The one that says to have sealed it; null where it is not in the ring. */
  keyOf(sealed: Buffer): SealingKey | null;
}

/** Null where it cannot be a sealed text. Each has one spelling: base64url without padding and loose bits. */
export function sealedBytes(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length < TEXT_AT + TAG_BYTES || bytes[0] !== VERSION) return null;
  return bytes.toString('base64url') === text ? bytes : null;
}

/** RFC 5869: what one purpose seals no other can open, and the id tells nothing of the key. */
const derived = (key: Buffer, purpose: string, part: string, bytes: number): Buffer =>
  Buffer.from(hkdfSync('sha256', key, '', `portcullis ${purpose} ${part}`, bytes));

/** In UTF-8 half a surrogate pair is as good as any other, and two subjects with one in their names would be one. */
const asWritten = (bound: string): Buffer => Buffer.from(bound, 'utf16le');

function sealingKey(id: Buffer, key: KeyObject, naming: KeyObject): SealingKey {
  const head = Buffer.concat([Buffer.of(VERSION), id]);
  return {
    seal(text, bound) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAAD(
        asWritten(bound),
      );
      const hidden = cipher.update(text, 'utf8');
      cipher.final();
      return Buffer.concat([head, nonce, hidden, cipher.getAuthTag()]).toString('base64url');
    },
    open(sealed, bound) {
      const nonce = sealed.subarray(NONCE_AT, TEXT_AT);
      const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAAD(
        asWritten(bound),
      );
      decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
      const text = decipher.update(sealed.subarray(TEXT_AT, -TAG_BYTES), undefined, 'utf8');
      try {
        return text + decipher.final('utf8');
      } catch {
        return null;
      }
    },
    nameOf: (secret) => createHmac('sha256', naming).update(secret).digest('base64url'),
  };
}

/** `keys`: 32 bytes in base64 each, the newest first. The newest seals; each opens what it sealed. */
export function createKeyRing(keys: readonly Secret[], purpose: string): KeyRing {
  const ring = keys.map((one) => {
    const root = Buffer.from(one.reveal(), 'base64');
    const id = derived(root, purpose, 'key id', KEY_ID_BYTES);
    const [key, naming] = ['key', 'names'].map((part) =>
      createSecretKey(derived(root, purpose, part, 32)),
    );
    return { id, key: sealingKey(id, key as KeyObject, naming as KeyObject) };
  });
  const [newest] = ring;
  if (newest === undefined) throw new Error('a key ring without a key');
  return {
    newest: newest.key,
    keyOf: (sealed) => ring.find(({ id }) => id.equals(sealed.subarray(1, NONCE_AT)))?.key ?? null,
  };
}
