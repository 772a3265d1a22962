// A plain HTTP proxy that adds the Authorization header, which the conformance suite cannot send.
// It changes nothing else.
import { Agent, createServer } from 'node:http';
import { passOn } from '../test/fixtures/pass-on.js';

const RECORDED_BODY = 4096;

/**
 * The client's header pairs for the target. The hop's own authority becomes the target's; any other
 * Host is kept.
 */
function rewrite(rawHeaders, own, target, token) {
  const pairs = [];
  let authorized = token === undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    const value = rawHeaders[index + 1];
    const lower = name.toLowerCase();
    if (lower === 'authorization') authorized = true;
    pairs.push(name, lower === 'host' && value === own ? target : value);
  }
  if (!authorized) pairs.push('Authorization', `Bearer ${token}`);
  return pairs;
}

/**
 * Starts the hop on 127.0.0.1.
 * @param {{ target: string, token?: string, record?: (entry: object) => void }} settings
 *   target: the URL of the MCP endpoint behind the hop;
 *   record: gets each request (method, path, header pairs, start of the body) with the status of
 *   its answer.
 * @returns {Promise<{ url: string, count: () => number, close: () => Promise<void> }>}
 */
export async function startHop({ target, token, record }) {
  const { hostname, port, host, pathname } = new URL(target);
  // Idle connections close after 2 s, before a server closes them, so that no request meets a
  // closing connection.
  const agent = new Agent({ keepAlive: true, timeout: 2000 });
  let count = 0;
  let own = '';
  const server = createServer((req, res) => {
    count += 1;
    const entry = {
      method: req.method,
      path: req.url,
      headers: req.rawHeaders,
      body: '',
      status: 0,
      answer: [],
    };
    if (record !== undefined) {
      req.on('data', (chunk) => {
        if (entry.body.length < RECORDED_BODY)
          entry.body += chunk.toString('utf8', 0, RECORDED_BODY);
      });
    }
    const headers = rewrite(req.rawHeaders, own, host, token);
    passOn(
      req,
      res,
      { agent, hostname, port, method: req.method, path: req.url, headers },
      (status, answer) => {
        entry.status = status;
        entry.answer = answer;
      },
    );
    res.on('close', () => record?.({ ...entry, cut: !res.writableFinished }));
  });
  server.requestTimeout = 0;
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  own = `127.0.0.1:${server.address().port}`;
  const close = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
      agent.destroy();
    });
  return { url: `http://${own}${pathname}`, count: () => count, close };
}
