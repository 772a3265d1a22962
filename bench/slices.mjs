// The options of the benches of credentials, and the check that a gateway rejects strangers.
import { parseArgs } from 'node:util';
import { gatewayMain } from '../test/fixtures/launch.js';
import { requestBytes } from './json-call.mjs';

const isCount = (n, most) => Number.isInteger(n) && n >= 1 && n <= most;

/** The options of the command line, and `more`. A wrong one, or --help, prints `usage` and ends. */
export function sliceOptions(usage, more = {}) {
  const { values } = parseArgs({
    options: {
      starts: { type: 'string', default: '3' },
      rounds: { type: 'string', default: '12' },
      seconds: { type: 'string', default: '0.6' },
      main: { type: 'string', default: gatewayMain },
      help: { type: 'boolean', default: false },
      ...more,
    },
  });
  const [starts, rounds, seconds] = [values.starts, values.rounds, values.seconds].map(Number);
  if (values.help || !isCount(starts, 20) || !isCount(rounds, 200) || !(seconds >= 0.1)) {
    console.error(usage);
    process.exit(values.help ? 0 : 2);
  }
  return { ...values, starts, rounds, seconds };
}

/** The numbers of a gateway that accepts every caller would say nothing. */
export async function checkRejection(load, name, port) {
  const order = { port, request: requestBytes(port, null), connections: 1, seconds: 0.1 };
  const { answers, bad } = await load.ask(order, 10_000);
  if (!(answers > 0 && bad === answers))
    throw new Error(`${name}: a call without a credential is not rejected`);
}
