// Calls a tool as an MCP client of revision 2026-07-28 and prints the answer: its status, the
// headers that matter here, and its text. The credential is in the environment, because every user
// of the machine can see a command line. HEADERS has further headers as JSON.
//
//   CREDENTIAL='X-Api-Key: KEY' node call.mjs URL TOOL
import { request } from 'undici';

const [url, tool] = process.argv.slice(2);
const [header, value] = (process.env.CREDENTIAL ?? '').split(/: (.*)/);

const version = '2026-07-28';
const message = {
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: {
    name: tool,
    arguments: {},
    _meta: {
      'io.modelcontextprotocol/protocolVersion': version,
      'io.modelcontextprotocol/clientCapabilities': {},
      'io.modelcontextprotocol/clientInfo': { name: 'example', version: '1' },
    },
  },
};
// Unlike fetch, it sends a Host that is not that of the URL.
const response = await request(url, {
  method: 'POST',
  headers: {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': version,
    'mcp-method': message.method,
    'mcp-name': tool,
    ...(header !== '' && { [header]: value }),
    ...JSON.parse(process.env.HEADERS ?? '{}'),
  },
  body: JSON.stringify(message),
  signal: AbortSignal.timeout(10_000),
});

const body = await response.body.text();
// The answer is JSON, or an event stream whose last `data` line is the answer.
const json = body.split('\n').findLast((line) => /^(?:data: )?\{/.test(line)) ?? '{}';
const { result, error } = JSON.parse(json.replace('data: ', ''));
console.log(`  status: ${response.statusCode}`);
for (const name of ['www-authenticate', 'deprecation', 'sunset'])
  if (response.headers[name] !== undefined) console.log(`  ${name}: ${response.headers[name]}`);
console.log(`  answer: ${result?.content?.[0]?.text ?? error?.message ?? body}`);
