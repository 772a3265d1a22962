// Serves the tool `whoami` as an MCP server on a free loopback port, and prints its address.
import { createServer } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';

function buildServer({ authInfo }) {
  const server = new McpServer({ name: 'files', version: '1.0.0' });
  const content = [{ type: 'text', text: authInfo.extra.text }];
  server.registerTool('whoami', { description: 'Says who calls.' }, () => ({ content }));
  return server;
}
const serveMcp = toNodeHandler(createMcpHandler(buildServer));

/** `whoCalls`: resolves with the answer of the tool. A request for which it throws gets 401. */
export function serveWhoami(whoCalls) {
  const server = createServer(async (request, response) => {
    try {
      const text = await whoCalls(request.headers);
      request.auth = { token: '', clientId: '', scopes: [], extra: { text } };
    } catch {
      return response.writeHead(401).end();
    }
    return serveMcp(request, response);
  });
  server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
}
