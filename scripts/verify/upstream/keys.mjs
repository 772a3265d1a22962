// Makes signing keys of the gateway, and JWTs with a flaw that such a key signs.
import { generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';

const OPTIONS = {
  ed25519: ['ed25519', {}, 'EdDSA'],
  'P-256': ['ec', { namedCurve: 'P-256' }, 'ES256'],
};

/** A new key: `pem` for the configuration of the gateway. */
export function newKey(curve) {
  const [type, options, alg] = OPTIONS[curve];
  const { privateKey, publicKey } = generateKeyPairSync(type, options);
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  return { privateKey, publicKey, pem, alg };
}

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** An identity JWT, good unless `header` or `claims` change it; undefined removes a claim. */
export async function identityJwt(
  { key, kid, origin },
  { header = {}, claims = {}, by = key } = {},
) {
  const now = Math.floor(Date.now() / 1000);
  const good = { iss: origin, aud: 'files-backend', sub: 'alice', iat: now, exp: now + 60 };
  const all = { ...good, sub_id: { format: 'opaque', id: 'alice' }, ...claims };
  const head = { alg: key.alg, kid, typ: 'identity+jwt', ...header };
  if (head.alg === 'none') return `${base64url(head)}.${base64url(all)}.`;
  const pem = key.publicKey.export({ type: 'spki', format: 'pem' });
  const signer = head.alg === 'HS256' ? Buffer.from(pem) : by.privateKey;
  return new SignJWT(all).setProtectedHeader(head).sign(signer);
}
