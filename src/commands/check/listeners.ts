// Checks whether this machine can listen on the addresses of the configuration. A gateway that runs
// with this configuration takes them, so a taken port is only a warning.
import { createServer } from 'node:net';
import type { CheckTask } from '../../app/check-config.js';
import { ok, type Verdict, warn } from '../../app/check-finding.js';
import type { ResolvedConfig } from '../../config/resolved-config.js';
import { listenProblem } from '../../launch/start.js';

function tryListen(host: string, port: number): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}

async function verdictOf(host: string, port: number): Promise<Verdict> {
  const where = `${host}:${port}`;
  const error = await tryListen(host, port);
  if (error === null) return ok(port === 0 ? `${host}, at a port that the system chooses` : where);
  const words = listenProblem(error) ?? `cannot listen on ${where}`;
  const [observed = words, fix] = words.split('; ');
  return error.code === 'EADDRINUSE'
    ? warn(`${observed}. That is right if the gateway runs here now`, fix)
    : warn(observed, fix);
}

export const listenerTasks = ({
  listen,
  admin,
}: Pick<ResolvedConfig, 'listen' | 'admin'>): CheckTask[] =>
  Object.entries({ listen, admin }).map(([about, { host, port }]) => async () => [
    { about, name: 'address', ...(await verdictOf(host, port)) },
  ]);
