// Starts a small identity provider on a free loopback port and prints its address. It issues a
// token to every client that names a user. A real one has a login page.
//
//   GET /token?user=alice&tenant=acme&resource=URL
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose';

const { publicKey, privateKey } = await generateKeyPair('RS256');
const header = { alg: 'RS256', typ: 'at+jwt', kid: 'example' };
const keys = [{ ...(await exportJWK(publicKey)), kid: header.kid, alg: header.alg }];
const gateway = Buffer.from(`portcullis:${process.env.EXCHANGE_SECRET}`).toString('base64');

/** An access token (RFC 9068) for ten minutes. */
function tokenFor(issuer, { user, tenant, resource }) {
  const claims = { client_id: 'example-client', ...(tenant && { org_id: tenant }) };
  const token = new SignJWT(claims).setProtectedHeader(header).setIssuer(issuer);
  const named = token.setSubject(user).setAudience(resource);
  return named.setIssuedAt().setExpirationTime('10 minutes').sign(privateKey);
}

/** Exchanges a token for one with another audience (RFC 8693). Only the gateway may do it. */
async function exchange(issuer, request) {
  if (request.headers.authorization !== `Basic ${gateway}`)
    return [401, { error: 'invalid_client' }];
  const form = new URLSearchParams(await text(request));
  const { payload } = await jwtVerify(form.get('subject_token'), publicKey, { issuer });
  const wanted = { user: payload.sub, resource: form.get('audience') };
  const issued_token_type = 'urn:ietf:params:oauth:token-type:access_token';
  const access_token = await tokenFor(issuer, wanted);
  return [200, { access_token, issued_token_type, token_type: 'Bearer', expires_in: 600 }];
}

async function answer(request) {
  const issuer = `http://${request.headers.host}`;
  const { pathname, searchParams } = new URL(request.url, issuer);
  const token_endpoint = `${issuer}/token`;
  const metadata = {
    issuer,
    token_endpoint,
    jwks_uri: `${issuer}/keys`,
    response_types_supported: [],
  };
  if (pathname === '/.well-known/openid-configuration') return [200, metadata];
  if (pathname === '/keys') return [200, { keys }];
  if (pathname !== '/token') return [404, {}];
  if (request.method === 'POST') return exchange(issuer, request);
  return [200, { access_token: await tokenFor(issuer, Object.fromEntries(searchParams)) }];
}

const server = createServer(async (request, response) => {
  const [status, body] = await answer(request).catch(() => [400, { error: 'invalid_request' }]);
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
