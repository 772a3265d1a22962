// The server of the peer "Express". It runs in a folder that has its packages.
import { Agent } from 'node:http';
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js';
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import express from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { createLocalJWKSet, jwtVerify } from 'jose';

const { port, upstreamPort, jwk, issuer, audience } = JSON.parse(process.argv[2]);
const keys = createLocalJWKSet({ keys: [jwk] });

async function verifyAccessToken(token) {
  try {
    const { payload } = await jwtVerify(token, keys, { issuer, audience, algorithms: ['RS256'] });
    return {
      token,
      clientId: payload.client_id,
      scopes: payload.scope.split(' '),
      expiresAt: payload.exp,
    };
  } catch {
    throw new InvalidTokenError('the token is not valid');
  }
}

const app = express();
app.disable('x-powered-by');
app.use(requireBearerAuth({ verifier: { verifyAccessToken }, requiredScopes: ['mcp:tools'] }));
app.use(
  createProxyMiddleware({
    target: `http://127.0.0.1:${upstreamPort}`,
    agent: new Agent({ keepAlive: true, maxFreeSockets: 1024 }),
  }),
);
app.listen(port, '127.0.0.1');
