// A token issuer without logins: publishes metadata and one RSA key on the loopback interface, and
// mints access tokens.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

const ALGORITHM = 'RS256';
const LIFE_SECONDS = 3600;

function metadata(issuer) {
  return {
    issuer,
    jwks_uri: `${issuer}/jwks`,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    response_types_supported: ['code'],
    grant_types_supported: ['authorization_code'],
    code_challenge_methods_supported: ['S256'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [ALGORITHM],
    scopes_supported: ['mcp'],
  };
}

/**
 * Starts the issuer on 127.0.0.1.
 * @returns {Promise<{
 *   issuer: string, mint: (audience: string) => Promise<string>, close: () => Promise<void>,
 * }>}
 */
export async function startIssuer() {
  const { publicKey, privateKey } = await generateKeyPair(ALGORITHM, { modulusLength: 2048 });
  const kid = randomUUID();
  const keys = [{ ...(await exportJWK(publicKey)), kid, alg: ALGORITHM, use: 'sig' }];
  let issuer = '';
  const server = createServer((req, res) => {
    const documents = {
      '/.well-known/oauth-authorization-server': metadata(issuer),
      '/.well-known/openid-configuration': metadata(issuer),
      '/jwks': { keys },
    };
    const document = documents[req.url];
    res.writeHead(document === undefined ? 404 : 200, { 'Content-Type': 'application/json' });
    res.end(JSON.stringify(document ?? { error: 'not_found' }));
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  issuer = `http://127.0.0.1:${server.address().port}`;

  const mint = (audience) => {
    const issuedAt = Math.floor(Date.now() / 1000);
    return new SignJWT({ client_id: 'conformance-suite', scope: 'mcp' })
      .setProtectedHeader({ alg: ALGORITHM, typ: 'at+jwt', kid })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject('conformance-user')
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + LIFE_SECONDS)
      .setJti(randomUUID())
      .sign(privateKey);
  };
  const close = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { issuer, mint, close };
}
