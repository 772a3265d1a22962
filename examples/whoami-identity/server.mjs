// An MCP server with the tool `whoami`. It verifies the identity JWT of each request with the keys
// that the gateway publishes, and answers who calls.
//
//   GATEWAY=URL AUDIENCE=files-backend node server.mjs
import { createServer } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { createRemoteJWKSet, jwtVerify } from 'jose';

const { GATEWAY, AUDIENCE } = process.env;
const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', GATEWAY));
const rules = { issuer: GATEWAY, audience: AUDIENCE, typ: 'identity+jwt' };
const options = { ...rules, requiredClaims: ['exp', 'sub_id'] };

function buildServer({ authInfo }) {
  const server = new McpServer({ name: 'files', version: '1.0.0' });
  const { sub, client_id, sub_id } = authInfo.extra;
  const text = `you are ${sub}, with ${client_id}; your key is ${JSON.stringify(sub_id)}`;
  const description = 'Says who calls.';
  server.registerTool('whoami', { description }, () => ({ content: [{ type: 'text', text }] }));
  return server;
}
const serveMcp = toNodeHandler(createMcpHandler(buildServer));

const server = createServer(async (request, response) => {
  const token = request.headers.authorization?.replace('Bearer ', '') ?? '';
  const verified = await jwtVerify(token, keys, options).catch(() => null);
  if (verified === null) return response.writeHead(401).end();
  const { client_id: clientId, scope = '' } = verified.payload;
  request.auth = { token, clientId, scopes: scope.split(' '), extra: verified.payload };
  return serveMcp(request, response);
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
