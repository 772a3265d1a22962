// The issuer's key and the tokens of the lab. A run makes them once and keeps them on disk: to sign
// 20,000 tokens takes many seconds.
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
} from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder } from './folders.mjs';

/** The names in bench/everything.yaml. A token has them, whatever the ports of a run are. */
export const ISSUER = 'http://127.0.0.1:9100';
export const AUDIENCE = 'http://127.0.0.1:8080/mcp';
const SCOPE = 'mcp:tools mcp:read mcp:write';
const KEY_ID = 'lab-key-1';
const LIFE_SECONDS = 12 * 3600;
/** Tokens of an older file could expire during the run. */
const FRESH_MS = 6 * 3600 * 1000;
/** More than the gateway's cache holds, so that a cycle through them finds none in it. */
export const MANY = 20_000;

const home = folder('tokens');
const base64 = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

function loadKey() {
  const file = join(home, 'key.pem');
  if (!existsSync(file)) {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  }
  return createPrivateKey(readFileSync(file));
}

const privateKey = loadKey();
const publicKey = createPublicKey(privateKey);
export const jwk = {
  ...publicKey.export({ format: 'jwk' }),
  kid: KEY_ID,
  alg: 'RS256',
  use: 'sig',
};
export const publicPem = publicKey.export({ type: 'spki', format: 'pem' });

const header = base64({ alg: 'RS256', typ: 'at+jwt', kid: KEY_ID });

/** The first two parts of a token. About 900 bytes with the signature, as tokens of issuers are. */
function unsigned(number, life) {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: ISSUER,
    aud: AUDIENCE,
    sub: `user-${number}`,
    iat: now - 5,
    nbf: now - 5,
    exp: now + life,
    jti: `${number}-${randomBytes(6).toString('hex')}`,
    azp: 'client-abc123',
    client_id: 'client-abc123',
    scope: SCOPE,
    roles: ['reader', 'writer'],
    name: 'Load Test User',
    email: `user-${number}@example.test`,
    pad: 'p'.repeat(30),
  };
  return `${header}.${base64(claims)}`;
}

function mint(number, life = LIFE_SECONDS) {
  const text = unsigned(number, life);
  return `${text}.${sign('RSA-SHA256', Buffer.from(text), privateKey).toString('base64url')}`;
}

/** Well formed, but its signature is noise. */
const forge = (number) =>
  `${unsigned(number, LIFE_SECONDS)}.${randomBytes(256).toString('base64url')}`;

const count = (number, make) => Array.from({ length: number }, (_, at) => make(at));
const KINDS = {
  hot: () => [mint(1)],
  unique: () => count(MANY, mint),
  forged: () => count(MANY, forge),
  expired: () => count(50, (number) => mint(number, -3600)),
};
/** The kinds that an endpoint must reject. */
export const isBad = (kind) => kind === 'forged' || kind === 'expired';

/** The tokens of a kind, from disk where they are fresh. */
export function tokensOf(kind) {
  const file = join(home, `${kind}.txt`);
  if (existsSync(file) && Date.now() - statSync(file).mtimeMs < FRESH_MS)
    return readFileSync(file, 'latin1').split('\n');
  const tokens = KINDS[kind]();
  writeFileSync(file, tokens.join('\n'));
  return tokens;
}
