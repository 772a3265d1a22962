// An MCP server that verifies the JWT of the gateway with the keys that the gateway publishes.
//
//   GATEWAY=URL node server.mjs
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { serveWhoami } from '../lib/whoami.mjs';

const { GATEWAY } = process.env;
const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', GATEWAY));
const rules = { issuer: GATEWAY, audience: 'files-backend', typ: 'identity+jwt' };
const options = { ...rules, requiredClaims: ['exp', 'sub_id'] };

serveWhoami(async ({ authorization = '' }) => {
  const { payload } = await jwtVerify(authorization.replace('Bearer ', ''), keys, options);
  const { sub, client_id: client, sub_id: key } = payload;
  if (key === null) throw new Error('the JWT names no user');
  return `you are ${sub}, with ${client}; your key is ${JSON.stringify(key)}`;
});
