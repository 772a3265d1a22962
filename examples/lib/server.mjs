// Starts the MCP server of an example on a free loopback port and prints its address. Never prints
// a credential: the answer of its tool says only which one came in.
import { createServer } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';

/** The server accepts no other `Authorization` than this one. */
const own = process.env.SERVER_AUTHORIZATION;
/** `optional`: it accepts a call without one too. */
const isOptional = own === undefined || process.env.SERVER_POLICY === 'optional';

function received(headers) {
  const scheme = headers.get('authorization')?.split(' ', 1)[0];
  const authorization = scheme === undefined ? 'no Authorization' : `"${scheme}" and its secret`;
  return `the server received ${authorization}, ${headers.has('x-api-key') ? 'and' : 'no'} X-Api-Key`;
}

function buildServer() {
  const server = new McpServer({ name: 'files', version: '1.0.0' });
  const text = (words) => ({ content: [{ type: 'text', text: words }] });
  const read = { description: 'Says which credential reached the server.' };
  const write = { description: 'Pretends to write a file.' };
  server.registerTool('read_file', read, async ({ http }) => text(received(http.req.headers)));
  server.registerTool('write_file', write, async () => text('the server wrote the file'));
  return server;
}

const serveMcp = toNodeHandler(createMcpHandler(buildServer));

const server = createServer((request, response) => {
  const send = (status, body) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  const { authorization } = request.headers;
  if (request.url !== '/mcp') return send(404, {});
  if (authorization === undefined ? !isOptional : authorization !== own) return send(401, {});
  serveMcp(request, response);
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
