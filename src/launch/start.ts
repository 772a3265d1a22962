// Starts a gateway in this process, for `serve` and for a program that embeds the gateway. Says how
// to fix the problems that only a process has: its addresses and its variables.
import type { Dependencies, Gateway } from '../app/app.js';
import type { PrimaryGateway } from '../app/workers/primary.js';
import { systemClock } from './clock.js';
import type { LoadedConfig } from './load-config.js';
import { usesProxyOfNode } from './proxy-of-node.js';
import { version } from './version.js';

/**
 * Shorter than the 30 s that Kubernetes allows before it kills a process. Docker allows 10 s by
 * default (docs/hosting.md). `drain.delaySeconds` comes before it.
 */
export const DRAIN_MS = 25_000;

const TLS_CHECK_DISABLED =
  'NODE_TLS_REJECT_UNAUTHORIZED=0 would accept every certificate: remove it. ' +
  'To trust your own certificate authority, set NODE_EXTRA_CA_CERTS=/path/ca.pem';

/**
 * How to fix an environment in which Node accepts every certificate; null where it checks them.
 * With that variable, any host on the path can pose as the issuer.
 */
export const tlsProblem = (env: Readonly<Record<string, string | undefined>>): string | null =>
  env.NODE_TLS_REJECT_UNAUTHORIZED === '0' ? TLS_CHECK_DISABLED : null;

/** The process cannot listen on an address. The message says how to fix it. */
export class ListenError extends Error {
  /** The code of the system, such as EADDRINUSE. */
  readonly code: string | undefined;

  constructor(message: string, cause: NodeJS.ErrnoException) {
    super(message, { cause });
    this.name = 'ListenError';
    this.code = cause.code;
  }
}

/** How to fix an address on which the process cannot listen; null for any other error. */
export function listenProblem(
  error: NodeJS.ErrnoException & { address?: string; port?: number; hostname?: string },
): string | null {
  if (error.syscall === 'getaddrinfo')
    return `${error.hostname} is not an address of this machine; fix the listen or admin host`;
  if (error.syscall !== 'listen') return null;
  const where = `${error.address}:${error.port}`;
  if (error.code === 'EADDRINUSE')
    return `${where} is in use by another process; choose another listen or admin port`;
  if (error.code === 'EACCES')
    return `this user may not listen on ${where}; choose a port above 1023`;
  return `cannot listen on ${where}: ${error.code}; fix the listen or admin address`;
}

type StartOptions = Pick<Dependencies, 'destination' | 'reword' | 'announce'>;

async function explained<T>(start: Promise<T>): Promise<T> {
  try {
    return await start;
  } catch (error) {
    const cause = error as NodeJS.ErrnoException;
    const problem = listenProblem(cause);
    throw problem === null ? error : new ListenError(problem, cause);
  }
}

/** The parts of this process that each gateway in it gets. */
export const surroundings = () => ({
  clock: systemClock,
  random: Math.random,
  usesProxy: usesProxyOfNode(),
});

/** Rejects with a ListenError where an address is not free. */
export async function startHere(
  { config, apiKeys }: LoadedConfig,
  options: StartOptions,
): Promise<Gateway> {
  const { startGateway } = await import('../app/app.js');
  const dependencies = { ...surroundings(), version: version(), apiKeys, ...options };
  return explained(startGateway(config, dependencies));
}

/**
 * The same with `count` processes that run `file`. This process does not load what only they need.
 */
export async function startWorkers(
  { config, apiKeys }: LoadedConfig,
  options: StartOptions,
  workers: { readonly count: number; readonly file: string },
): Promise<PrimaryGateway> {
  const { startPrimary } = await import('../app/workers/primary.js');
  const dependencies = { ...surroundings(), version: version(), apiKeys, ...options };
  return explained(startPrimary(config, dependencies, workers));
}

const READY_CHECK_MS = 20;

/** Resolves to true once /readyz answers 200, and to false if the gateway ends before. */
export async function isReadyBefore(
  ended: () => boolean,
  { isReady }: Pick<Gateway, 'isReady'>,
): Promise<boolean> {
  while (!isReady()) {
    if (ended()) return false;
    await new Promise((resolve) => setTimeout(resolve, READY_CHECK_MS));
  }
  return !ended();
}
