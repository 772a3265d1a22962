// Asks a running gateway on this machine whether it is healthy, as the health check of a container.
import { type IncomingMessage, request } from 'node:http';
import { parseArgs } from 'node:util';
import { adminAddress } from '../config/admin-address.js';
import { type CommandIo, processIo } from './command-io.js';

export const healthHelp = `portcullis health [--ready] [--config FILE]

Asks the gateway that runs here whether it is healthy: /healthz of its admin listener. Reads the
address of that listener, and nothing else, from the configuration. A later mistake in the file
therefore changes nothing. Without a configuration it asks 127.0.0.1:9090.

  --ready         ask /readyz: whether the gateway takes requests. It does not while it fetches the
                  first keys of its issuers, nor during its shutdown
  --config FILE   as for serve; without it the command reads the environment
  --help          this text

Exit codes: 0 healthy, 1 not healthy or no answer within 3 s, 2 bad command line.`;

const DEADLINE_MS = 3_000;
/** The body of the gateway is far shorter. */
const MAX_BODY_BYTES = 1_024;

interface Answer {
  readonly status: number;
  readonly body: string;
}

async function readBody(response: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) {
    body += chunk;
    if (body.length > MAX_BODY_BYTES) break;
  }
  return body;
}

/**
 * With an agent of its own, because the global agent of Node may use a proxy from the environment.
 * The admin listener answers to the host localhost under any address.
 */
const ask = (host: string, port: number, path: string): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const headers = { host: 'localhost', connection: 'close' };
    const signal = AbortSignal.timeout(DEADLINE_MS);
    request({ host, port, path, headers, signal, agent: false }, (response) => {
      readBody(response).then(
        (body) => resolve({ status: response.statusCode ?? 0, body }),
        reject,
      );
    })
      .once('error', reject)
      .end();
  });

const isOfGateway = ({ body }: Answer): boolean => /^\{"status":"(ok|unavailable)"\}$/.test(body);

/** The problem, or null. */
function problemOf(answer: Answer, where: string): string | null {
  if (!isOfGateway(answer))
    return (
      `${where} answers with status ${answer.status}, but not as the gateway does; ` +
      'give the gateway an admin port of its own'
    );
  if (answer.status === 200 && answer.body.includes('"ok"')) return null;
  return (
    `the gateway at ${where} is not ready: it has not tried to fetch the keys of each issuer ` +
    'yet, or it is stopping'
  );
}

function failureOf(error: NodeJS.ErrnoException, where: string): string {
  const { code } = error;
  if (code === 'ECONNREFUSED')
    return `nothing listens on ${where}; is the gateway running, and with this configuration?`;
  if (error.name === 'AbortError' || error.name === 'TimeoutError')
    return `no answer from ${where} within ${DEADLINE_MS / 1000} s; read the log of the gateway`;
  if (error.syscall === 'getaddrinfo')
    return `${where} is not an address of this machine; correct admin.host`;
  return `no answer from ${where} (${code ?? error.name}); read the log of the gateway`;
}

const FREE_PORT =
  'admin.port is 0, so the gateway takes a free port at each start. This command cannot know it; ' +
  'write a fixed port, such as 9090';

export async function health(args: readonly string[], io: CommandIo = processIo): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ready: { type: 'boolean', default: false },
      config: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    io.write(healthHelp);
    return 0;
  }
  const { host, port, doubt } = adminAddress(values.config, io.env);
  if (port === 0) {
    io.writeError(FREE_PORT);
    return 1;
  }
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  if (doubt !== null) io.writeError(`${doubt}. Asking the default address ${where}.`);
  const outcome = await ask(host, port, values.ready ? '/readyz' : '/healthz').then(
    (answer) => problemOf(answer, where),
    (error: NodeJS.ErrnoException) => failureOf(error, where),
  );
  if (outcome !== null) {
    io.writeError(outcome);
    return 1;
  }
  io.write(`${where} is ${values.ready ? 'ready' : 'healthy'}`);
  return 0;
}
