// Serves one MCP handler at /mcp on the loopback interface, behind a Host and Origin check, until a
// signal stops it.
import { createServer } from 'node:http';

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Whether the authority (host, with or without a port) names the loopback interface. */
function isLoopback(authority) {
  const url = safeUrl(`http://${authority}`);
  return url !== null && LOOPBACK.has(url.hostname);
}

/** Whether an Origin header is absent or belongs to the loopback interface. */
function isLocalOrigin(origin) {
  if (origin === undefined) return true;
  const url = safeUrl(origin);
  return url !== null && LOOPBACK.has(url.hostname);
}

function safeUrl(text) {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

/** Answers with a JSON-RPC error that belongs to no request. */
export function refuse(res, status, code, message) {
  res.writeHead(status, { 'Content-Type': 'application/json' });
  res.end(JSON.stringify({ jsonrpc: '2.0', id: null, error: { code, message } }));
}

/**
 * Listens on 127.0.0.1 at the port of the environment variable PORT (0 or unset: any), and prints
 * the URL.
 */
export async function listen(handle) {
  const server = createServer((req, res) => {
    if (!isLoopback(req.headers.host ?? '')) return refuse(res, 403, -32000, 'Host not allowed');
    if (!isLocalOrigin(req.headers.origin)) return refuse(res, 403, -32000, 'Origin not allowed');
    if (new URL(req.url, 'http://localhost').pathname !== '/mcp')
      return refuse(res, 404, -32000, 'Not found');
    Promise.resolve(handle(req, res)).catch((error) => {
      console.error(error);
      if (res.headersSent) res.destroy();
      else refuse(res, 500, -32603, 'Internal error');
    });
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', resolve);
  });
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => process.exit(0));
  console.log(`listening http://127.0.0.1:${server.address().port}/mcp`);
}
