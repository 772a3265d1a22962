// Starts the two programs under test, an MCP server and the gateway in front of it, and waits until
// each answers.
import { createServer } from 'node:net';
import { start, stop, within } from './child.mjs';

const START_MS = 20_000;
const POLL_MS = 100;

/** A port of the loopback interface that was free a moment ago. */
async function freePort() {
  const server = createServer();
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const pause = () => new Promise((resolve) => setTimeout(resolve, POLL_MS));

/** Starts a server script. Resolves with its URL when it has printed `listening <url>`. */
export async function startServer(script, logFile) {
  let found;
  const url = new Promise((resolve) => {
    found = resolve;
  });
  const onLine = (line) => {
    const [word, address] = line.split(' ');
    if (word === 'listening') found(address);
  };
  const running = start(process.execPath, [script], {
    env: { ...process.env, PORT: '0' },
    logFile,
    onLine,
  });
  const ended = running.exited.then((code) =>
    Promise.reject(new Error(`${script} ended with ${code}; see ${logFile}`)),
  );
  ended.catch(() => {});
  try {
    return {
      url: await within(START_MS, script, Promise.race([url, ended])),
      stop: () => stop(running),
    };
  } catch (error) {
    await stop(running);
    throw error;
  }
}

async function healthy(origin, running, logFile) {
  const end = Date.now() + START_MS;
  while (Date.now() < end) {
    if (running.child.exitCode !== null)
      throw new Error(`the gateway ended with ${running.child.exitCode}; see ${logFile}`);
    const signal = AbortSignal.timeout(1000);
    const answer = await fetch(`${origin}/healthz`, { signal }).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.status === 200) return;
    await pause();
  }
  throw new Error(`the gateway was not healthy after ${START_MS / 1000} s; see ${logFile}`);
}

/**
 * Starts the gateway in front of `upstream`. Resolves with the URL of its MCP endpoint when
 * /healthz is 200.
 */
export async function startGateway(main, { upstream, issuer, logFile }) {
  const [port, admin] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}/mcp`;
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('PORTCULLIS_'));
  const env = {
    ...Object.fromEntries(inherited),
    PORTCULLIS_UPSTREAM: upstream,
    PORTCULLIS_PUBLIC_URL: url,
    PORTCULLIS_ISSUER: issuer,
    PORTCULLIS_AUDIENCE: url,
    PORTCULLIS_LISTEN: `127.0.0.1:${port}`,
    PORTCULLIS_ADMIN: `127.0.0.1:${admin}`,
  };
  const running = start(process.execPath, [main, 'serve'], { env, logFile });
  running.exited.catch(() => {});
  try {
    await healthy(new URL(url).origin, running, logFile);
    return { url, stop: () => stop(running) };
  } catch (error) {
    await stop(running);
    throw error;
  }
}
