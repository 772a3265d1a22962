// An MCP server that verifies tokens of the identity provider, and only those for itself.
//
//   IDP=URL node server.mjs
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { serveWhoami } from '../lib/whoami.mjs';

const { IDP } = process.env;
const keys = createRemoteJWKSet(new URL('/keys', IDP));
const options = { issuer: IDP, audience: 'files-backend', typ: 'at+jwt', requiredClaims: ['exp'] };

serveWhoami(async ({ authorization = '' }) => {
  const { payload } = await jwtVerify(authorization.replace('Bearer ', ''), keys, options);
  return `you are ${payload.sub}, with a token for ${payload.aud}`;
});
