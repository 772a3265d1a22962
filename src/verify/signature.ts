// Verifies one signature with one key (RFC 7515 section 5.2). A signature has exactly the length of
// its algorithm and key, so that no other encoding of it passes. A short check is made on the event
// loop: to wake a thread costs more. A long one is made on the pool of threads.
import { createPublicKey, type KeyObject, type VerifyKeyObjectInput, verify } from 'node:crypto';
import type { VerificationKey } from '../core/bridge-token.js';
import type { MaybeLater } from '../core/maybe-later.js';
import { type Algorithm, algorithmOf } from './algorithms.js';
import { proofSlots } from './proof-slots.js';

/** A public key, prepared once for the signatures of one algorithm. */
export interface SignatureKey {
  readonly digest: string | null;
  readonly signatureBytes: number;
  /** A check takes less than about 0.15 ms. */
  readonly isShort: boolean;
  readonly input: VerifyKeyObjectInput;
}

const modulusBytes = ({ asymmetricKeyDetails }: KeyObject): number =>
  Math.ceil((asymmetricKeyDetails?.modulusLength as number) / 8);

/** RSA of 4,096 bits takes 80 µs, of 8,192 bits 290 µs (docs/performance.md). */
const SHORT_MODULUS_BYTES = 512;
/** P-256 takes 80 µs, Ed25519 125 µs; P-384 770 µs and P-521 1,700 µs. */
const SHORT_CURVES: readonly string[] = ['P-256', 'Ed25519'];

/** The caller has checked that the key fits the algorithm. */
export function prepareKey(key: KeyObject, algorithm: string): SignatureKey {
  const found = algorithmOf(algorithm) as Algorithm;
  const { digest, curve, options } = found;
  const signatureBytes = found.signatureBytes ?? modulusBytes(key);
  return {
    digest,
    signatureBytes,
    isShort: curve === null ? signatureBytes <= SHORT_MODULUS_BYTES : SHORT_CURVES.includes(curve),
    input: { key, ...options },
  };
}

/** A key of a ring of the gateway itself. */
export const prepareOwnKey = ({ jwk, algorithm }: VerificationKey): SignatureKey =>
  prepareKey(createPublicKey({ key: { ...jwk }, format: 'jwk' }), algorithm);

/** The signed text of a compact JWS, and its signature. The caller has checked its form. */
export interface SignedText {
  readonly text: Buffer;
  readonly signature: Buffer;
}

export function signedTextOf(token: string): SignedText {
  const end = token.lastIndexOf('.');
  return {
    text: Buffer.from(token.slice(0, end), 'latin1'),
    signature: Buffer.from(token.slice(end + 1), 'base64url'),
  };
}

function checkOnPool(
  { text, signature }: SignedText,
  { digest, input }: SignatureKey,
): Promise<boolean> {
  return new Promise((resolve, reject) =>
    proofSlots.checkElsewhere((done) => {
      try {
        verify(digest, text, input, signature, (error, isGenuine) => {
          if (error === null) resolve(isGenuine === true);
          else reject(error);
          done();
        });
      } catch (error) {
        reject(error);
        done();
      }
    }),
  );
}

/** True if the key made the signature. An exception is a bug. */
export function isSignedBy(signed: SignedText, key: SignatureKey): MaybeLater<boolean> {
  const { text, signature } = signed;
  const { digest, input, signatureBytes, isShort } = key;
  if (signature.length !== signatureBytes) return false;
  if (!isShort) return checkOnPool(signed, key);
  return proofSlots.check(() => verify(digest, text, input, signature));
}
