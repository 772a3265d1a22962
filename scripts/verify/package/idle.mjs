// Measures the memory of an idle gateway: after its start, and after calls.
import { setTimeout as sleep } from 'node:timers/promises';
import { startLoopback } from '../../../test/fixtures/launch.js';
import { startIssuer } from '../../../test/fixtures/signing-issuer.js';
import { memoryOf } from '../memory.mjs';
import { bearer, sendMessage } from '../send-message.mjs';
import { serve } from './installed.mjs';

const CALLS = 100;
const IDLE_MS = 30_000;
const CALL_MS = 5_000;

/** An issuer, and an MCP server without sessions that answers each call with no tools. */
export async function startWorld() {
  const issuer = await startIssuer();
  const server = await startLoopback((req, res) => {
    req.resume().on('end', () => {
      res.writeHead(200, { 'content-type': 'application/json' });
      res.end('{"jsonrpc":"2.0","id":1,"result":{"tools":[]}}');
    });
  });
  return {
    issuer: issuer.issuer,
    upstream: `${server.url}/mcp`,
    mint: issuer.mint,
    async close() {
      await server.close();
      await issuer.close();
    },
  };
}

/** Resolves with the status of one call. Without a token the gateway answers 401. */
export async function call(url, token) {
  const headers = token === undefined ? {} : bearer(token);
  const sent = { headers, ms: CALL_MS };
  const { status, text } = await sendMessage(url, { method: 'tools/list' }, sent);
  if (status === 200 && !text.includes('"tools"')) throw new Error(`not an answer: ${text}`);
  return status;
}

/** Rejects unless the installed gateway passes a call with a token, and answers 401 without. */
export async function checkServes(project, world, options) {
  const gateway = await serve(project, world, options);
  try {
    const statuses = [
      await call(gateway.url),
      await call(gateway.url, await world.mint(gateway.url)),
    ];
    if (statuses.join() !== '401,200')
      throw new Error(`statuses ${statuses}, expected 401 and 200`);
  } finally {
    await gateway.stop();
  }
}

/**
 * Resolves with the memory of a server that runs: now and after calls, each time after a pause.
 * `server`: the URL of its endpoint, and its process.
 */
export async function measureServer({ url, pid }, token) {
  await sleep(IDLE_MS);
  const afterStart = memoryOf(pid);
  for (let count = 0; count < CALLS; count += 1) {
    const status = await call(url, token);
    if (status !== 200) throw new Error(`call ${count + 1}: ${status}`);
  }
  await sleep(IDLE_MS);
  return { afterStart, afterCalls: memoryOf(pid) };
}

/** The same of the installed gateway, which it starts. */
export async function measureIdle(project, world, options) {
  const gateway = await serve(project, world, options);
  try {
    return await measureServer(gateway, await world.mint(gateway.url));
  } finally {
    await gateway.stop();
  }
}
