// The least that a verifying proxy does in Node: one hash per call, a cache of results, and RSA on
// the thread pool where the cache has none. For the floor that verifies.
import { createPublicKey, hash, verify } from 'node:crypto';

const MOST = 10_000;
const decode = (part) => JSON.parse(Buffer.from(part, 'base64url').toString());

/** Calls `done` with whether the token is good. */
export function createTokenCheck({ jwk, issuer, audience }) {
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const expiries = new Map();

  function remember(id, expiry) {
    if (expiries.size >= MOST) expiries.delete(expiries.keys().next().value);
    expiries.set(id, expiry);
  }

  function check(token, id, done) {
    const [head, payload, signature] = token.split('.');
    let claims;
    try {
      if (decode(head).alg !== 'RS256') return done(false);
      claims = decode(payload);
    } catch {
      return done(false);
    }
    const isFresh = claims.exp > Date.now() / 1000;
    if (claims.iss !== issuer || claims.aud !== audience || !isFresh) return done(false);
    const data = Buffer.from(`${head}.${payload}`);
    verify('RSA-SHA256', data, key, Buffer.from(signature ?? '', 'base64url'), (error, isGood) => {
      if (isGood) remember(id, claims.exp);
      done(error === null && isGood);
    });
  }

  return (authorization, done) => {
    if (!authorization?.startsWith('Bearer ')) return done(false);
    const token = authorization.slice(7);
    const id = hash('sha256', token, 'base64');
    const expiry = expiries.get(id);
    if (expiry === undefined) return check(token, id, done);
    return done(expiry > Date.now() / 1000);
  };
}
