// Decides how each Wycheproof vector is treated: which keys its issuer publishes, which token carries its flaw, which is its twin without.
// Every vector has one treatment. Never decides what the gateway answers.
import { createHash } from 'node:crypto';
import { type Jwk, jwkKey, mintToken, rsaKey, type SigningKey, signatureOf } from '../fixtures/mint.js';
import { withFlaw, withSpareBits } from './jws-flaws.js';
import { type Group, groupsOf, type Vector } from './vectors.js';

/**
 * `good`: signed again, passes. `flaw`: the flaw is made again. `key`: the flaw is in the published key. `symmetric`: HS256 and its kin
 * are never accepted, good or not; a flaw of form is also made again under RS256. `stricter`: good to Wycheproof, refused here, because a
 * key serves the one algorithm that it names. `same`: the text of a vector of another file. `encrypted`: JWE, which we do not read.
 */
export type Treatment = 'good' | 'flaw' | 'key' | 'symmetric' | 'stricter' | 'same' | 'encrypted';

export interface Issuing {
  readonly name: string;
  readonly published: readonly Jwk[];
  readonly algorithms: readonly string[];
}

/** Makes a token of an issuer over these claims. */
export type Token = { readonly by: Issuing; readonly make: (claimsText: string) => string };
export type Planned = {
  readonly vector: Vector;
  readonly treatment: Treatment;
  readonly twin: Token;
  readonly flawed: readonly Token[];
};

const [signatures, keys, mixed] = [groupsOf('signature'), groupsOf('key'), groupsOf('crypto')];
/** A good key beside flawed ones: a set without any usable key would be an outage, not a refusal. */
const home = rsaKey({ kid: 'home' });
const HOME: Issuing = { name: 'home', published: [home.jwk], algorithms: ['RS256'] };
const elliptic = jwkKey(signatures[1]?.secret[0] ?? {});

const headOf = (vector: Vector): string => vector.text.split('.', 1)[0] as string;
const headerOf = (vector: Vector): { alg: string; kid?: string } =>
  JSON.parse(Buffer.from(headOf(vector), 'base64url').toString());
const nameOf = ({ file, tcId }: Vector, more = ''): string => `${file}-${tcId}${more}`;

/** The header of the vector as it is written, over the claims, signed by this key. */
const like = (vector: Vector, by: Issuing, key: SigningKey): Token => ({
  by,
  make: (claimsText) => {
    const headerText = Buffer.from(headOf(vector), 'base64url').toString();
    return mintToken({ issuer: '', audience: '', key, header: { alg: headerOf(vector).alg }, headerText, claimsText });
  },
});

const twinAtHome: Token = {
  by: HOME,
  make: (claimsText) => mintToken({ issuer: '', audience: '', key: home, claimsText }),
};

/** The flaw of a vector over a good token of this key. */
function carried(vector: Vector, good: Token, key: SigningKey): Token {
  const make = (claimsText: string): string => {
    // The letters of a token have loose bits only where its bytes are no multiple of three.
    const [head, payload, signature] = good.make(claimsText).split('.') as [string, string, string];
    const sign = (input: string, alg = key.alg): string => signatureOf(alg, Buffer.from(input), { key }).toString('base64url');
    const made = withFlaw(vector, { head, payload, signature, sign, publicKey: key.publicKey, privateKey: key.privateKey });
    if (made === null) throw new Error(`nobody knows how to make ${nameOf(vector)} ${vector.comment}`);
    return made;
  };
  return { by: good.by, make };
}

function symmetric(vector: Vector): Planned {
  const { group } = vector;
  // A set of one symmetric and one public key stays as it is: the public one is its usable key.
  const ec = group.published.find(({ kty }) => kty === 'EC');
  const by: Issuing = {
    name: nameOf(vector),
    published: ec === undefined ? [...group.published, home.jwk] : group.published,
    algorithms: ec === undefined ? ['RS256'] : ['ES256'],
  };
  const twin: Token =
    ec === undefined
      ? { ...twinAtHome, by }
      : { by, make: (text) => mintToken({ issuer: '', audience: '', key: elliptic, claimsText: text }) };
  const oct = group.secret.find(({ kty }) => kty === 'oct');
  const bytes = Buffer.from(String(oct?.k), 'base64url');
  const make = (claimsText: string): string => {
    const alg = /^\{.*"alg" ?: ?"(HS\d+)"/s.exec(Buffer.from(headOf(vector), 'base64url').toString())?.[1] ?? 'HS256';
    const header = { alg, kid: oct?.kid };
    return mintToken({ issuer: '', audience: '', key: home, header, secret: bytes, claimsText });
  };
  const carries = vector.result === 'invalid' && group.file === 'signature';
  return { vector, treatment: 'symmetric', twin, flawed: [{ by, make }, ...(carries ? [carried(vector, twin, home)] : [])] };
}

/** RSASSA-PKCS1-v1_5 under the exponent 1: the padded block is its own signature. */
function underExponentOne(vector: Vector, by: Issuing): Token {
  const info = Buffer.from('3031300d060960864801650304020105000420', 'hex');
  const make = (claimsText: string): string => {
    const input = `${headOf(vector)}.${Buffer.from(claimsText).toString('base64url')}`;
    const tail = Buffer.concat([Buffer.alloc(1), info, createHash('sha256').update(input).digest()]);
    return `${input}.${Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(254 - tail.length, 255), tail]).toString('base64url')}`;
  };
  return { by, make };
}

/** The key as it should have been published; another key of the same name where nothing mends it. */
function mended(jwk: Jwk, alg: string): Jwk {
  if (alg === 'ES256') return elliptic.jwk;
  const hopeless = /ROCA|roca|1024/.test(String(jwk.kid)) || jwk.e === 'AQ';
  return hopeless ? { ...home.jwk, kid: jwk.kid } : { ...elide(jwk), use: 'sig', alg };
}
const elide = ({ key_ops: _, ...jwk }: Jwk): Jwk => jwk;

/** The flaw, or what we are stricter in, is the published key: its twin is the same token under the mended one. */
function ofKey(vector: Vector, treatment: 'key' | 'stricter'): Planned {
  const { alg } = headerOf(vector);
  const algorithms = [...new Set([alg, 'RS256', ...(alg === 'PS384' ? ['PS256'] : [])])];
  const jwk = vector.group.published[0] ?? {};
  const by: Issuing = { name: nameOf(vector), published: [jwk, home.jwk], algorithms };
  const good: Issuing = { name: nameOf(vector, '-mended'), published: [mended(jwk, alg), home.jwk], algorithms };
  const secret = alg === 'ES256' ? elliptic : jwk.e === 'AQ' ? home : jwkKey(vector.group.secret[0] ?? {}, alg);
  const replaced = good.published[0]?.n === home.jwk.n;
  const bad = jwk.e === 'AQ' ? underExponentOne(vector, by) : like(vector, by, secret);
  return { vector, treatment, twin: like(vector, good, replaced ? home : secret), flawed: [bad] };
}

function ofSignature(vector: Vector): Planned {
  const { group, result } = vector;
  const jwk = group.secret[0] ?? {};
  const valid = group.vectors.find((one) => one.result === 'valid');
  if (valid === undefined) return ofKey(vector, 'key');
  const { alg } = headerOf(valid);
  if (jwk.alg !== alg) return ofKey(vector, 'stricter');
  const key = jwkKey(jwk);
  const by: Issuing = { name: nameOf(group.vectors[0] as Vector), published: group.published, algorithms: [alg] };
  const twin = like(valid, by, key);
  if (result === 'invalid') return { vector, treatment: 'flaw', twin, flawed: [carried(vector, twin, key)] };
  // A padding may be odd and yet good: a signature keeps its salt.
  return {
    vector,
    treatment: 'good',
    twin: alg.startsWith('PS') ? carried(vector, like(vector, by, key), key) : twin,
    flawed: [],
  };
}

function treated(vector: Vector): Planned {
  const { group, file } = vector;
  if (vector.encrypted) return { vector, treatment: 'encrypted', twin: twinAtHome, flawed: [] };
  if (file === 'crypto') return { vector, treatment: 'same', twin: twinAtHome, flawed: [] };
  if (group.published.some(({ kty }) => kty === 'oct')) return symmetric(vector);
  if (file === 'signature') return ofSignature(vector);
  return vector.result === 'valid' ? ofSignature(vector) : ofKey(vector, 'key');
}

export const vectorPlan = (): Planned[] =>
  [...signatures, ...keys, ...mixed].flatMap(({ vectors }: Group) => vectors.map(treated));

/** Claims whose letters have loose bits, as some flaws need them. */
export function claimsText(claims: Record<string, unknown>): string {
  const text = JSON.stringify(claims);
  const padded = Buffer.byteLength(text) % 3 === 0 ? `${text} ` : text;
  withSpareBits(Buffer.from(padded).toString('base64url'));
  return padded;
}
