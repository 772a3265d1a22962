// An MCP server with the tool `whoami`. It accepts only requests with its own key, and believes
// their headers who calls.
//
//   SERVER_KEY=KEY node server.mjs
import { timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';

const own = Buffer.from(process.env.SERVER_KEY);

function buildServer({ requestInfo }) {
  const server = new McpServer({ name: 'files', version: '1.0.0' });
  const user = requestInfo.headers.get('x-user');
  const tenant = requestInfo.headers.get('x-tenant-id') ?? 'no tenant';
  const text = `you are ${user} of ${tenant}`;
  const description = 'Says who calls.';
  server.registerTool('whoami', { description }, () => ({ content: [{ type: 'text', text }] }));
  return server;
}
const serveMcp = toNodeHandler(createMcpHandler(buildServer));

const server = createServer((request, response) => {
  const key = Buffer.from(request.headers['x-api-key'] ?? '');
  // Without the key, anyone who reaches this server could name any user.
  if (key.length !== own.length || !timingSafeEqual(key, own)) return response.writeHead(401).end();
  return serveMcp(request, response);
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
