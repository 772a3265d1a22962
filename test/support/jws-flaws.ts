// Makes the flaw of a Wycheproof vector in another token. From the valid token of the vector's own
// group it makes the vector itself; a test proves that. The tests say which tokens may pass.
import { createHmac, type KeyObject, sign } from 'node:crypto';
import { ecKey } from '../fixtures/mint.js';
import { ecdsaFlaw, ecdsaOverflow, numberFlaw, transferPkcs1, transferPss } from './rsa-flaws.js';
import type { Vector } from './vectors.js';

/** The parts of a good token, and its keys. */
export interface GoodToken {
  readonly head: string;
  readonly payload: string;
  readonly signature: string;
  /** Signs a text with the key of the token. `alg` may be one that the key is not for. */
  readonly sign: (input: string, alg?: string) => string;
  readonly publicKey: KeyObject | null;
  readonly privateKey: KeyObject | null;
}

type Make = (good: GoodToken, vector: Vector) => string;

const base64url = (bytes: Buffer | string): string => Buffer.from(bytes).toString('base64url');
const bytes = (text: string): Buffer => Buffer.from(text, 'base64url');
/** The first character becomes X, or Y where it is X already. */
const otherFirst = (text: string): string => `${text.startsWith('X') ? 'Y' : 'X'}${text.slice(1)}`;
const rewritten = (head: string, change: (json: string) => string): string => base64url(change(bytes(head).toString()));
const signed = (head: string, payload: string, sign: GoodToken['sign']): string =>
  `${head}.${payload}.${sign(`${head}.${payload}`)}`;

/** Sets the unused bits of the last base64url character. */
export function withSpareBits(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  if (text.length % 4 === 0) throw new Error('the text has no unused bits');
  return text.slice(0, -1) + alphabet[alphabet.indexOf(text.at(-1) as string) + 1];
}

/** Flaws of form, by the name of the vector. */
const FORM: Readonly<Record<string, Make>> = {
  rejectsModifiedSignature: ({ head, payload, signature }) => `${head}.${payload}.${otherFirst(signature)}`,
  rejectsMissingSignature: ({ head, payload }) => `${head}.${payload}.`,
  rejectsMissingSignatureAndSeparator: ({ head, payload }) => `${head}.${payload}`,
  rejectsModifiedPayload: ({ head, payload, signature }) =>
    `${head}.${base64url(Buffer.concat([Buffer.from('X'), bytes(payload).subarray(1)]))}.${signature}`,
  rejectsMissingPayload: ({ head, signature }) => `${head}..${signature}`,
  rejectsMissingPayloadAndSeparator: ({ head, signature }) => `${head}.${signature}`,
  rejectsModifiedHeader: ({ head, payload, signature }) =>
    `${rewritten(head, (json) => json.replace(/("kid":")./, '$1X'))}.${payload}.${signature}`,
  rejectsMissingHeader: ({ payload, signature }) => `.${payload}.${signature}`,
  rejectsMissingHeaderAndSeparator: ({ payload, signature }) => `${payload}.${signature}`,
  rejectsMissingHeaderAndSignature: ({ payload }) => `.${payload}.`,
  rejectsMissingHeaderSignatureAndSeparators: ({ payload }) => payload,
  rejectsMissingHeaderSignatureAndSeparator: ({ payload }) => payload,
  rejectsEmptyString: () => '',
  rejectsExtraEmptyComponent: ({ head, payload, signature }) => `${head}.${payload}.${signature}.`,
  rejectsExtraComponent: ({ head, payload, signature }) => `${head}.${payload}.${signature}.foo`,
  rejectsNoneAlgorithmAndMissingSignature: ({ head, payload }) =>
    `${rewritten(head, (json) => json.replace(/"alg":"\w+"/, '"alg":"none"'))}.${payload}.`,
  rejectsValidJsonSerialization: ({ head, payload, signature }) =>
    `{"payload":"${payload}","signatures":[{"protected":"${head}","header":{"unknown":"untrustworthy"},"signature":"${signature}"}`,
  rejectsSymmetryConfusionAttacks_aesKeyFromEcVerificationKeyBytes: ({ head, payload, publicKey }) => {
    const confused = rewritten(head, (json) => json.replace(/"alg":"\w+"/, '"alg":"HS256"'));
    const key = publicKey?.export({ format: 'der', type: 'spki' }) ?? '';
    return `${confused}.${payload}.${createHmac('sha256', key).update(`${confused}.${payload}`).digest('base64url')}`;
  },
  rejectsAttackerProvidedEmbeddedJwk: ({ head, payload }) => {
    const attacker = ecKey();
    const own = rewritten(head, (json) => JSON.stringify({ ...JSON.parse(json), jwk: attacker.jwk }));
    const key = { key: attacker.privateKey, dsaEncoding: 'ieee-p1363' } as const;
    return signed(own, payload, (input) => base64url(sign('sha256', Buffer.from(input), key)));
  },
  algIsNone: ({ payload }, { text }) => `${text.split('.', 1)[0]}.${payload}.`,
};

/**
 * Flaws of the encoding. The vectors are HS256, which the gateway never accepts, so the flaw goes
 * into a token with another signature.
 */
const ENCODING: Readonly<Record<number, Make>> = {
  360: ({ head, payload, signature }) => `${head}.${payload}.    ${signature}`,
  361: ({ head, payload, signature }) => `${head}.${payload}.?${signature}`,
  362: ({ head, payload, signature }) => `${head}.${payload}.${signature}?`,
  363: ({ head, payload, signature }) => `${head}.${payload}.?${signature.slice(1)}`,
  364: ({ head, payload, signature }) => `${head}.${payload}.????${signature.slice(4)}`,
  365: ({ head, payload, sign }) => signed(`${head}    `, payload, sign),
  366: ({ head, payload, sign }) => signed(`${head}####`, payload, sign),
  // 367 and 370 are named after padding, which the file does not contain.
  367: ({ head, payload, signature }) => `${head}.${payload}.${signature}=`,
  368: ({ head, payload, sign }) => signed(head, `    ${payload}`, sign),
  369: ({ head, payload, sign }) => signed(head, `####${payload}`, sign),
  370: ({ head, payload, signature }) => `${head}.${payload}=.${signature}`,
  371: ({ head, payload, sign }) => signed(head, `?${payload}`, sign),
  372: ({ head, payload, signature }) => `${head.slice(0, -1)}?${head.slice(-1)}.${payload}.${signature}`,
  373: ({ head, payload, signature }) => `${head}.${payload}?.${signature}`,
  374: ({ head, payload, signature }) => `${head}.${withSpareBits(payload)}.${signature}`,
  375: ({ head, payload, sign }) => signed(head, withSpareBits(payload), sign),
};

const PSS = /^PS(256|384|512)$/;

/** Flaws of the signature itself. */
function signatureFlaw({ head, payload, signature, sign, publicKey, privateKey }: GoodToken, vector: Vector): string | null {
  const input = `${head}.${payload}`;
  const [theirHead = '', theirPayload, theirSignature = ''] = vector.text.split('.');
  const done = (bytesWithFlaw: Buffer): string => `${input}.${base64url(bytesWithFlaw)}`;
  const alg = String((JSON.parse(bytes(head).toString()) as { alg: unknown }).alg);
  if (vector.flags.includes('WrongPrimitive'))
    return `${theirHead}.${payload}.${sign(`${theirHead}.${payload}`, vector.comment.slice(5))}`;
  if (alg === 'ES256') {
    const overflows = vector.comment === 'IntegerOverflow';
    const flawed = overflows
      ? ecdsaOverflow(bytes(signature), bytes(theirSignature)[0] === 1 ? 'r' : 's')
      : ecdsaFlaw(vector.comment, bytes(signature));
    return flawed === null ? null : done(flawed);
  }
  if (publicKey === null || privateKey === null) return null;
  const modulus = BigInt(`0x${bytes(String(publicKey.export({ format: 'jwk' }).n)).toString('hex')}`);
  const flawed = numberFlaw(vector.comment, bytes(signature), modulus);
  if (flawed !== null) return done(flawed);
  const transfer = [privateKey, bytes(theirSignature), `${theirHead}.${theirPayload}`, input] as const;
  const size = PSS.exec(alg)?.[1];
  return done(
    size === undefined
      ? transferPkcs1(...transfer)
      : transferPss(transfer[0], `sha${size}`, transfer[1], transfer[2], transfer[3]),
  );
}

/** Makes the flaw of the vector in another token; null where that is impossible. */
export function withFlaw(vector: Vector, good: GoodToken): string | null {
  const form = FORM[vector.comment];
  if (form !== undefined) return form(good, vector);
  if (vector.group.comment === 'base64') return ENCODING[vector.tcId]?.(good, vector) ?? null;
  return signatureFlaw(good, vector);
}
