// Verifies one signature with one key (RFC 7515 section 5.2). A signature has exactly the length of
// its algorithm and key, so that no other encoding of it passes.
import { type KeyObject, type VerifyKeyObjectInput, verify } from 'node:crypto';
import { type Algorithm, algorithmOf } from './algorithms.js';
import { proofSlots } from './proof-slots.js';

/** A public key, prepared once for the signatures of one algorithm. */
export interface SignatureKey {
  readonly digest: string | null;
  readonly signatureBytes: number;
  readonly input: VerifyKeyObjectInput;
}

const modulusBytes = ({ asymmetricKeyDetails }: KeyObject): number =>
  Math.ceil((asymmetricKeyDetails?.modulusLength as number) / 8);

/** The caller has checked that the key fits the algorithm. */
export function prepareKey(key: KeyObject, algorithm: string): SignatureKey {
  const { digest, signatureBytes, options } = algorithmOf(algorithm) as Algorithm;
  return {
    digest,
    signatureBytes: signatureBytes ?? modulusBytes(key),
    input: { key, ...options },
  };
}

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

/** True if the key made the signature. An exception is a bug. */
export function isSignedBy(
  { text, signature }: SignedText,
  { digest, signatureBytes, input }: SignatureKey,
): Promise<boolean> {
  if (signature.length !== signatureBytes) return Promise.resolve(false);
  return new Promise((resolve, reject) =>
    proofSlots.check((done) =>
      verify(digest, text, input, signature, (error, isGenuine) => {
        if (error === null) resolve(isGenuine === true);
        else reject(error);
        done();
      }),
    ),
  );
}
