// Reads a ring of signing keys: PEM or JWK in, private JWK out. Never shows a key: errors of the
// crypto library could quote it (C-153, no secret shown).
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { isObject } from '../core/json.js';
import { type Secret, secret } from '../core/secret.js';
import { type Path, type Problem, pathText } from './problems.js';
import { makeKey, type RingName } from './schema/signing-key-references.js';

const usable = (ring: RingName): string => `write an Ed25519 or P-256 key; ${makeKey(ring)}`;

/** The key, or the message of a problem. */
type Read<T> = T | string;

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Null: the library cannot read it as a private key. */
function privateKey(input: Parameters<typeof createPrivateKey>[0]): KeyObject | null {
  try {
    return createPrivateKey(input);
  } catch {
    return null;
  }
}

function readJwk(text: string, ring: RingName): Read<KeyObject> {
  const jwk = parsedJson(text);
  if (!isObject(jwk)) return `holds braces, but not a JWK; ${makeKey(ring)}`;
  if ('keys' in jwk) return 'holds a set of keys; write each private key by a reference of its own';
  if (jwk.kty !== 'OKP' && jwk.kty !== 'EC') return `holds a key of another type; ${usable(ring)}`;
  if (!('d' in jwk)) return 'holds a public key; write the private one, which has the member d';
  return (
    privateKey({ key: jwk as Record<string, string>, format: 'jwk' }) ??
    `holds a JWK that cannot be used; ${usable(ring)}`
  );
}

function readPem(text: string, ring: RingName): Read<KeyObject> {
  const blocks = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----/g)].map(([, label]) => label);
  const keys = blocks.filter((label) => label?.endsWith('PRIVATE KEY'));
  if (keys.length > 1) return 'holds several keys; write each by a reference of its own';
  if (keys[0] === 'ENCRYPTED PRIVATE KEY' || text.includes('Proc-Type: 4,ENCRYPTED'))
    return `holds a key with a passphrase; write it without, or ${makeKey(ring)}`;
  if (keys.length === 0 && blocks.length > 0)
    return `holds a public key or a certificate; write the private key, or ${makeKey(ring)}`;
  // In a variable of one line.
  if (text.includes('\\n')) return 'has \\n in place of line feeds; write the key into a file';
  if (keys[0] === 'OPENSSH PRIVATE KEY') return `holds a key for SSH; ${makeKey(ring)}`;
  return privateKey(text) ?? `does not hold a private key in PEM or JWK; ${makeKey(ring)}`;
}

/** A JWK can name a public key that is not that of its private one. */
function isPair(key: KeyObject): boolean {
  const hash = key.asymmetricKeyType === 'ec' ? 'sha256' : null;
  try {
    const text = Buffer.from('a pair of keys');
    return verify(hash, text, createPublicKey(key), sign(hash, text, key));
  } catch {
    return false;
  }
}

/** Its JWK with the members of RFC 7517 and no others. */
function readKey(text: string, ring: RingName): Read<string> {
  const isJwk = text.trimStart().startsWith('{');
  const key = isJwk ? readJwk(text, ring) : readPem(text, ring);
  if (typeof key === 'string') return key;
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const isP256 = type === 'ec' && details?.namedCurve === 'prime256v1';
  if (type !== 'ed25519' && !isP256) return `holds a key of another type; ${usable(ring)}`;
  const { kty, crv, x, y, d } = key.export({ format: 'jwk' });
  const written = isJwk ? (parsedJson(text) as Record<string, unknown>) : { x };
  const isOwn = Buffer.from(String(written.x), 'base64').equals(Buffer.from(x ?? '', 'base64'));
  if (!isOwn || !isPair(key))
    return `holds a private key with the public key of another; ${usable(ring)}`;
  return JSON.stringify({ kty, crv, x, ...(y === undefined ? {} : { y }), d });
}

export interface SigningRing {
  readonly name: RingName;
  /** The part of the configuration with the ring. */
  readonly path: Path;
  /** As JWKs in JSON, in the order of the references. */
  readonly keys: readonly Secret[];
  /** The place of each key in the list of references. */
  readonly places: readonly number[];
  readonly problems: readonly Problem[];
}

/** The ring of these references, without those that are bad. */
export function signingKeys(
  references: readonly (Secret | undefined)[],
  ring: RingName,
  path: Path = [ring],
): SigningRing {
  const problems: Problem[] = [];
  const firstWith = new Map<string, number>();
  for (const [i, reference] of references.entries()) {
    if (reference === undefined) continue;
    const read = readKey(reference.reveal(), ring);
    const isKey = read.startsWith('{');
    const first = firstWith.get(read);
    if (isKey && first === undefined) firstWith.set(read, i);
    if (isKey && first === undefined) continue;
    const message = isKey
      ? `is the same key as ${pathText([...path, 'keys', first ?? 0])}; keep one`
      : read;
    problems.push({ path: [...path, 'keys', i], message });
  }
  return {
    name: ring,
    path,
    keys: [...firstWith.keys()].map((key) => secret(key)),
    places: [...firstWith.values()],
    problems,
  };
}

/** A token of one ring must never verify with a key of the other. */
export function sharedKeyProblems(ring: SigningRing, other: SigningRing): Problem[] {
  const ofOther = other.keys.map((key) => key.reveal());
  return ring.keys.flatMap((key, i) => {
    const at = ofOther.indexOf(key.reveal());
    if (at === -1) return [];
    const place = pathText([...other.path, 'keys', other.places[at] as number]);
    const message = `is the same key as ${place}; write another, and ${makeKey(ring.name)}`;
    return [{ path: [...ring.path, 'keys', ring.places[i] as number], message }];
  });
}
