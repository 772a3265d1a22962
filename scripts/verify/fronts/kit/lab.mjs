// An MCP server for the checks of one answer: events in time, a quiet stream, a cut stream.
//
// Usage: `node lab.mjs PORT`. GET /quiet answers with the number of open quiet streams.
// Each other GET gets a stream that the server cuts.
import { serve } from './serve.mjs';

const EVENTS = 10;
const EVERY_MS = 100;
const BRIEF_MS = 50;
const now = () => performance.timeOrigin + performance.now();
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
let quietStreams = 0;

const event = (message) => `data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`;
const note = (data) => event({ method: 'notifications/message', params: { level: 'info', data } });
const resultOf = (id, text) => ({ id, result: { content: [{ type: 'text', text }] } });

function openStream(res) {
  res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  res.flushHeaders();
}

/** The tools. One that returns a text has it in a JSON answer. */
const tools = {
  answer: () => 'done',
  headers: (req, _res, _message, length) => JSON.stringify({ headers: req.headers, length }),
  async ticks(_req, res, { id }) {
    openStream(res);
    for (let i = 0; i < EVENTS; i += 1) {
      await sleep(EVERY_MS);
      res.write(note({ at: now() }));
    }
    res.end(event(resultOf(id, 'done')));
  },
  /** The head at once, and the result a little later. */
  async brief(_req, res, { id }) {
    openStream(res);
    await sleep(BRIEF_MS);
    res.end(event(resultOf(id, 'done')));
  },
  quiet(_req, res) {
    openStream(res);
    quietStreams += 1;
    res.on('close', () => {
      quietStreams -= 1;
    });
  },
  async cut(_req, res) {
    openStream(res);
    res.write(note('before the cut'));
    await sleep(300);
    res.destroy();
  },
};

async function handle(req, res) {
  if (req.url === '/quiet') return res.end(String(quietStreams));
  if (req.method === 'GET') return tools.cut(req, res);
  if (req.method !== 'POST') return res.writeHead(405).end();
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const message = JSON.parse(body);
  const text = await tools[message.params?.name ?? 'answer'](req, res, message, body.length);
  if (text === undefined) return undefined;
  res.setHeader('content-type', 'application/json');
  return res.end(JSON.stringify({ jsonrpc: '2.0', ...resultOf(message.id, text) }));
}

serve(handle);
