// Starts a gateway that sends audit, spans and metrics to a collector, before a small MCP server.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { startConfigured, startLoopback } from '../../../test/fixtures/launch.js';
import { startIssuer } from '../../../test/fixtures/signing-issuer.js';

export const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
export const PARENT = `00-${TRACE}-00f067aa0ba902b7-01`;
export const DENIED = 'drop_table';
const BATCH_REVISION = '2025-03-26';
const REVISION = '2025-11-25';
const CALL_MS = 15_000;
const ARGUMENT = randomBytes(24).toString('hex');
const RESULT = randomBytes(24).toString('hex');
const HEADER = randomBytes(24).toString('hex');
const tokens = [];

/** Texts that must not reach a collector. */
export const SECRETS = () => [
  ARGUMENT,
  RESULT,
  HEADER,
  ...tokens.flatMap((token) => [token, token.split('.')[2]]),
];

function startServer(seen) {
  return startLoopback(async (req, res) => {
    seen.headers = req.headers;
    if (req.method === 'GET')
      return void res.writeHead(200, { 'content-type': 'text/event-stream' }).end(': the end\n\n');
    const chunks = [];
    for await (const chunk of req) chunks.push(chunk);
    const message = JSON.parse(Buffer.concat(chunks).toString());
    const answer = ({ id }) => ({ jsonrpc: '2.0', id, result: { content: [], text: RESULT } });
    res.writeHead(200, { 'content-type': 'application/json' });
    res.end(JSON.stringify(Array.isArray(message) ? message.map(answer) : answer(message)));
  });
}

/** `opened` gets the functions that stop it. */
export async function startScene(folder, otlp, opened) {
  const seen = { headers: {} };
  const issuer = await startIssuer();
  const server = await startServer(seen);
  opened.push(issuer.close, server.close);
  const headers = { 'X-Collector': '${env:COLLECTOR_HEADER}' };
  const gateway = await startConfigured({
    logFile: join(folder, 'gateway.log'),
    env: { COLLECTOR_HEADER: HEADER },
    config: {
      audit: { otlp, headers, onFailure: 'reject' },
      traces: { otlp, headers },
      metrics: { otlp, headers, intervalSeconds: 1 },
      issuers: { main: { issuer: issuer.issuer } },
      endpoints: [
        {
          path: '/mcp',
          issuers: ['main'],
          upstream: `${server.url}/mcp`,
          tools: { default: 'allow', rules: [{ tool: DENIED, deny: true }] },
        },
      ],
    },
  });
  opened.push(gateway.stop);
  const origin = `http://127.0.0.1:${gateway.port}`;
  const own = await issuer.mint(`${origin}/mcp`, 'alice');
  tokens.push(own);
  const served = [];

  async function send(
    body,
    { path = '/mcp', headers: more = {}, token = own, method = 'POST', revision = REVISION },
  ) {
    const response = await fetch(`${origin}${path}`, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(method === 'POST' && { 'content-type': 'application/json' }),
        accept: method === 'POST' ? 'application/json, text/event-stream' : 'text/event-stream',
        'mcp-protocol-version': revision,
        ...more,
      },
      ...(method === 'POST' && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(CALL_MS),
    });
    const text = await response.text();
    const id = response.headers.get('x-request-id');
    return { status: response.status, id, text, sent: seen.headers };
  }
  const calling = (name, id = 1) => ({
    jsonrpc: '2.0',
    id,
    method: 'tools/call',
    params: { name, arguments: { text: ARGUMENT } },
  });
  return {
    async call(name, options = {}) {
      const answer = await send(calling(name), options);
      if (answer.status === 200) served.push(answer.id);
      return answer;
    },
    batch: (names) => send(names.map(calling), { revision: BATCH_REVISION }),
    stream: () => send(null, { method: 'GET' }),
    async sendGarbage() {
      const socket = connect(gateway.port, '127.0.0.1');
      socket.on('error', () => {}).resume();
      socket.end('this is not HTTP\r\n\r\n');
      await once(socket, 'close');
    },
    /** The ids of the calls that were served. */
    served: () => served,
    stopGateway: gateway.stop,
  };
}
