// Starts a small identity provider on a free loopback port and prints its address. It issues a
// token to every client that names a user. A real one has a login page.
//
//   GET /token?user=alice&tenant=acme&resource=URL
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

const { publicKey, privateKey } = await generateKeyPair('RS256');
const header = { alg: 'RS256', typ: 'at+jwt', kid: 'example' };
const keys = [{ ...(await exportJWK(publicKey)), kid: header.kid, alg: header.alg }];

/** An access token (RFC 9068) for ten minutes. */
function tokenFor(issuer, { user, tenant, resource }) {
  const claims = { client_id: 'example-client', ...(tenant && { org_id: tenant }) };
  const token = new SignJWT(claims).setProtectedHeader(header).setIssuer(issuer);
  const named = token.setSubject(user).setAudience(resource);
  return named.setIssuedAt().setExpirationTime('10 minutes').sign(privateKey);
}

const server = createServer(async (request, response) => {
  const issuer = `http://${request.headers.host}`;
  const { pathname, searchParams } = new URL(request.url, issuer);
  const metadata = { issuer, jwks_uri: `${issuer}/keys`, response_types_supported: [] };
  response.setHeader('content-type', 'application/json');
  if (pathname === '/.well-known/openid-configuration') response.end(JSON.stringify(metadata));
  else if (pathname === '/keys') response.end(JSON.stringify({ keys }));
  else if (pathname === '/token')
    response.end(await tokenFor(issuer, Object.fromEntries(searchParams)));
  else response.writeHead(404).end('{}');
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
