// Transfers the flaw of an RSA signature to another message. The public key opens the padded block,
// the digest of the message is replaced, and the rest, which is the flaw, is signed again
// unchanged. The tests say which signatures may pass.
import { constants, createHash, type KeyObject, privateEncrypt, publicDecrypt } from 'node:crypto';

const padding = constants.RSA_NO_PADDING;
const hash = (name: string, ...parts: Buffer[]): Buffer => createHash(name).update(Buffer.concat(parts)).digest();
const xor = (a: Buffer, b: Buffer): Buffer => Buffer.from(a.map((byte, at) => byte ^ (b[at] ?? 0)));
const numberOf = (bytes: Buffer): bigint => BigInt(`0x0${bytes.toString('hex')}`);

/** The integer in as many bytes as it needs, at least `length`. */
export function bytesOf(value: bigint, length: number): Buffer {
  const hex = value.toString(16);
  return Buffer.from(hex.padStart(Math.max(length * 2, hex.length + (hex.length % 2)), '0'), 'hex');
}

/** The padded block (EM of RFC 8017) behind a signature. */
const opened = (key: KeyObject, signature: Buffer): Buffer => publicDecrypt({ key, padding }, signature);
/** Signs a padded block unchanged, with every flaw in it. */
const closed = (key: KeyObject, block: Buffer): Buffer => privateEncrypt({ key, padding }, block);

/**
 * The longest piece of `wanted` in `block`, and where it begins in both. Null for a piece of less
 * than eight bytes.
 */
function pieceOf(block: Buffer, wanted: Buffer): { from: number; at: number; length: number } | null {
  for (let length = wanted.length; length >= 8; length -= 1) {
    for (let from = 0; from + length <= wanted.length; from += 1) {
      const at = block.indexOf(wanted.subarray(from, from + length));
      if (at >= 0) return { from, at, length };
    }
  }
  return null;
}

/**
 * RSASSA-PKCS1-v1_5 with SHA-256: the digest, or its part that the flaw left, becomes that of
 * `newInput`.
 */
export function transferPkcs1(key: KeyObject, signature: Buffer, oldInput: string, newInput: string): Buffer {
  const [before, after] = [oldInput, newInput].map((input) => hash('sha256', Buffer.from(input))) as [Buffer, Buffer];
  const block = opened(key, signature);
  const piece = pieceOf(block, before);
  if (piece === null) return closed(key, block);
  after.copy(block, piece.at, piece.from, piece.from + piece.length);
  // Where only the first or last byte of the digest is missing, the flaw changed that byte: the new
  // byte gets the same change.
  const start = piece.at - piece.from;
  const end = start + before.length;
  if (piece.length === before.length - 1 && block[start - 1] === before.length && end === block.length) {
    const at = piece.from === 0 ? before.length - 1 : 0;
    block[start + at] = (block[start + at] ?? 0) ^ (before[at] ?? 0) ^ (after[at] ?? 0);
  }
  return closed(key, block);
}

/** MGF1 (RFC 8017 appendix B.2.1). */
function mask(name: string, seed: Buffer, length: number): Buffer {
  const blocks: Buffer[] = [];
  for (let counter = 0, size = 0; size < length; counter += 1) {
    blocks.push(hash(name, seed, bytesOf(BigInt(counter), 4)));
    size += blocks[0]?.length ?? 0;
  }
  return Buffer.concat(blocks).subarray(0, length);
}

const digestInBlock = (name: string, digest: Buffer, salt: Buffer): Buffer => hash(name, Buffer.alloc(8), digest, salt);

/**
 * RSASSA-PSS (RFC 8017 section 9.1): the salt, the padding, the trailer and the difference of the
 * hash stay as in the flawed signature.
 */
export function transferPss(key: KeyObject, name: string, signature: Buffer, oldInput: string, newInput: string): Buffer {
  const [before, after] = [oldInput, newInput].map((input) => hash(name, Buffer.from(input))) as [Buffer, Buffer];
  const block = opened(key, signature);
  const [size, length] = [before.length, block.length - before.length - 1];
  const found = block.subarray(length, length + size);
  const db = xor(block.subarray(0, length), mask(name, found, length));
  // The first bit is cleared after masking (step 11), so it has no information.
  db[0] = (db[0] ?? 0) & 0x7f;
  const one = db.findIndex((byte) => byte !== 0);
  const whole = db.subarray(one + 1);
  const salt = digestInBlock(name, before, whole).equals(found) ? whole : db.subarray(length - size);
  // A digest with one flipped bit cannot be derived from its hash. The vectors flip the first or
  // the last bit of the first or the last byte.
  const flips = [0, size - 1].flatMap((at) => [1, 128].map((bit) => ({ at, bit })));
  const flip = (digest: Buffer, { at, bit }: { at: number; bit: number }): Buffer => {
    const copy = Buffer.from(digest);
    copy[at] = (copy[at] ?? 0) ^ bit;
    return copy;
  };
  const flipped = flips.find((place) => digestInBlock(name, flip(before, place), salt).equals(found));
  const oldDigest = flipped === undefined ? before : flip(before, flipped);
  const newDigest = flipped === undefined ? after : flip(after, flipped);
  const newHash = xor(digestInBlock(name, newDigest, salt), xor(found, digestInBlock(name, oldDigest, salt)));
  const masked = xor(db, mask(name, newHash, length));
  masked[0] = (masked[0] ?? 0) & 0x7f;
  return closed(key, Buffer.concat([masked, newHash, block.subarray(-1)]));
}

/** Flaws of the signature as a number, by the name of the vector, made from a good signature. */
export function numberFlaw(comment: string, good: Buffer, modulus: bigint): Buffer | null {
  const size = good.length;
  const flaws: Readonly<Record<string, () => Buffer>> = {
    SignatureIs0: () => Buffer.alloc(size),
    SignatureIs1: () => bytesOf(1n, size),
    SignatureIsNsub1: () => bytesOf(modulus - 1n, size),
    SignatureIsn: () => bytesOf(modulus, size),
    SignatureIsnotReduced: () => bytesOf(numberOf(good) + modulus, size),
    prependingZerosToSignature: () => Buffer.concat([Buffer.alloc(2), good]),
    appendingZerosToSignature: () => Buffer.concat([good, Buffer.alloc(2)]),
    truncatedSignature: () => good.subarray(0, size - 2),
  };
  return flaws[comment]?.() ?? null;
}

/** n of the P-256 curve, the order of its base point. */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/**
 * Flaws of an ES256 signature by the name of the vector, made from a good one; -s is as valid as s.
 */
export function ecdsaFlaw(comment: string, good: Buffer): Buffer | null {
  const r = numberOf(good.subarray(0, 32));
  const minusS = ORDER - numberOf(good.subarray(32));
  const two = (a: bigint, b: bigint, size: number): Buffer => Buffer.concat([bytesOf(a, size), bytesOf(b, size)]);
  const numbers: Readonly<Record<string, bigint>> = { Zero: 0n, One: 1n, Nminus1: ORDER - 1n, N: ORDER };
  const named = /^rIs(\w+)_sIs(\w+)$/.exec(comment);
  if (named !== null) return two(numbers[named[1] as string] ?? 0n, numbers[named[2] as string] ?? 0n, 32);
  const flaws: Readonly<Record<string, () => Buffer>> = {
    SignatureTooLong: () => two(r, minusS, 33),
    TrailingZeros: () => two(r << 8n, minusS << 8n, 33),
    RisTooBig: () => two(r + ORDER, minusS, 33),
    SisTooBig: () => two(r, minusS + ORDER, 33),
    BufferOverflow: () => two(r, minusS, 257),
  };
  return flaws[comment]?.() ?? null;
}

/** The two vectors of this name: r, or s, is too large by 2^256. */
export function ecdsaOverflow(good: Buffer, which: 'r' | 's'): Buffer {
  const [r, s] = [numberOf(good.subarray(0, 32)), ORDER - numberOf(good.subarray(32))];
  const much = 1n << 256n;
  return Buffer.concat([bytesOf(which === 'r' ? r + much : r, 33), bytesOf(which === 's' ? s + much : s, 33)]);
}
