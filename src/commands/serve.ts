// Decides how a gateway runs as a process: which configuration, which signals, which exit code.
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { pino } from 'pino';
import { type Gateway, startGateway } from '../app/app.js';
import { systemClock } from './clock.js';
import { loadConfig } from './load-config.js';

/** Shorter than the 30 s that Kubernetes allows before it kills. Docker allows 10, unless told otherwise (docs/hosting.md). */
const DRAIN_MS = 25_000;

/** How long the last lines may take. */
const LAST_LINES_MS = 2_000;

export const serveHelp = `portcullis serve [--config FILE]

Runs the gateway. Without --config it reads the environment: PORTCULLIS_UPSTREAM, PORTCULLIS_PUBLIC_URL and
PORTCULLIS_ISSUER are enough for one server; .env.example lists every variable.

  --config FILE   YAML with publicUrl, issuers and endpoints
  --help          this text

Logs are JSON lines on standard output. SIGTERM or SIGINT drains for up to ${DRAIN_MS / 1000} s; a second one ends at once.
Exit codes: 0 stopped, 1 bad configuration or address, 2 bad command line.`;

/** What to do about an address that cannot be listened on; null for any other error. */
function listenProblem(
  error: NodeJS.ErrnoException & { address?: string; port?: number; hostname?: string },
): string | null {
  if (error.syscall === 'getaddrinfo')
    return `${error.hostname} is no address of this machine; mend the listen or admin host`;
  if (error.syscall !== 'listen') return null;
  const where = `${error.address}:${error.port}`;
  if (error.code === 'EADDRINUSE')
    return `${where} is in use by another process; choose another listen or admin port`;
  if (error.code === 'EACCES')
    return `${where} may not be listened on by this user; choose a port above 1023`;
  return `cannot listen on ${where}: ${error.code}; mend the listen or admin address`;
}

/**
 * V8 moves kinds of objects that happened to survive to the old generation at birth. Here that is a trap: each such object keeps its whole
 * finished request alive until the next full collection, which makes more kinds look long-lived (measured: half of each young generation
 * survives, a collection takes 4 ms instead of 0.8, and the process starts in either state by chance).
 */
const keepRequestsYoung = (): void => setFlagsFromString('--no-allocation-site-pretenuring');

/** Standard output, and a close that waits for what is on its way: written at once, the last line would overtake it. */
function openOutput(): { write(lines: Buffer): unknown; close(): Promise<void> } {
  const destination = pino.destination({ fd: 1, sync: false, contentMode: 'buffer' });
  let closed = false;
  return {
    // The types of sonic-boom know its text mode only. What a fetch under way tells behind the last line, nobody waits for.
    write: (lines) => closed || destination.write(lines as unknown as string),
    close: () =>
      new Promise((resolve) => {
        closed = true;
        // Nobody may be reading any more.
        setTimeout(resolve, LAST_LINES_MS);
        destination.once('close', () => resolve()).once('error', () => resolve());
        destination.end();
      }),
  };
}

export async function serve(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { config: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) {
    console.log(serveHelp);
    return 0;
  }
  // Node then takes every certificate, and anybody on the network can be the issuer.
  if (process.env.NODE_TLS_REJECT_UNAUTHORIZED === '0') {
    console.error(
      'NODE_TLS_REJECT_UNAUTHORIZED=0 would accept every certificate: remove it; NODE_EXTRA_CA_CERTS=/path/ca.pem names an authority of your own',
    );
    return 1;
  }
  const plan = loadConfig(values.config);
  if (typeof plan === 'string') {
    console.error(plan);
    return 1;
  }
  keepRequestsYoung();
  const output = openOutput();
  let gateway: Gateway;
  try {
    gateway = await startGateway(plan, {
      clock: systemClock,
      random: Math.random,
      destination: output,
    });
  } catch (error) {
    const problem = listenProblem(error as NodeJS.ErrnoException);
    if (problem === null) throw error;
    console.error(problem);
    return 1;
  }
  await new Promise<void>((resolve) => {
    let signals = 0;
    const onSignal = (): void => {
      signals++;
      if (signals === 1) resolve();
      else process.exit(1);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
  await gateway.close(DRAIN_MS);
  await output.close();
  return 0;
}
