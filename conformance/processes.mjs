// Starts the MCP server under test and waits until it listens.
import { startChild } from '../test/fixtures/child.js';
import { withDeadline } from '../test/fixtures/wait.js';

const START_MS = 20_000;

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
  const env = { ...process.env, PORT: '0' };
  const server = startChild(process.execPath, [script], { env, logFile, onLine });
  const ended = server.exited.then(({ code }) =>
    Promise.reject(new Error(`${script} ended with ${code}; see ${logFile}`)),
  );
  ended.catch(() => {});
  try {
    const address = await withDeadline(script, Promise.race([url, ended]), START_MS);
    return { url: address, stop: server.end };
  } catch (error) {
    await server.end();
    throw error;
  }
}
