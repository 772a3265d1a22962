// The issuer of the lab: publishes its key on loopback. Tokens name another origin as their issuer,
// so that they stay the same from run to run.
import { startLoopback } from '../../test/fixtures/launch.js';
import { ISSUER, jwk } from './tokens.mjs';

const documents = {
  '/jwks': { keys: [jwk] },
  '/.well-known/oauth-authorization-server': { issuer: ISSUER, jwks_uri: `${ISSUER}/jwks` },
};

export async function startIssuer() {
  const { url, close } = await startLoopback((request, response) => {
    const document = documents[request.url ?? ''];
    response.writeHead(document === undefined ? 404 : 200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(document ?? { error: 'not_found' }));
  });
  return { url, stop: close };
}
