// Reads the arguments of the bench.
import { parseArgs } from 'node:util';
import { keyOf, peers } from './peers/all.mjs';
import { works } from './works.mjs';

export const USAGE = `usage: npm run bench -- [options]
       npm run bench -- --quick [--rounds N] [--seconds S] [--node PATH] [--old MAIN]

  --only a,b        these works: ${works.map(({ name }) => name).join(', ')}
  --peers a,b       these of ${peers.map(keyOf).join(', ')}; or none
  --node A,B        Node 20, 22, 24, 26, a version or a path; several are compared in one run
  --old MAIN        the main.js of an older build, in turns with this one
  --plain           no rules, limits and histogram: only the scope of the endpoint
  --rounds N        rounds of one slice per target, 8 when absent
  --seconds S       length of a slice, 0.6 when absent
  --markdown FILE   writes the tables between the marks of FILE, and the plot beside it
  --from FILE       writes the tables of an earlier run; each run names its file
  --quick           one JSON call against the floor, in two minutes; needs no gcc

Compare ratios, never requests per second: those are of this machine in this minute.`;

const MOST_ROUNDS = 100;
const MOST_SECONDS = 10;

const OPTIONS = {
  only: { type: 'string' },
  peers: { type: 'string' },
  node: { type: 'string' },
  old: { type: 'string' },
  plain: { type: 'boolean', default: false },
  rounds: { type: 'string', default: '8' },
  seconds: { type: 'string', default: '0.6' },
  markdown: { type: 'string' },
  from: { type: 'string' },
  help: { type: 'boolean', default: false },
};

/** The names of a list, each of which must be one of `known`. */
function names(text, known, what) {
  if (text === undefined) return known;
  const wanted = text.split(',').filter(Boolean);
  const strange = wanted.filter((name) => !known.includes(name));
  if (strange.length > 0)
    throw new Error(`there is no ${what} ${strange.join(', ')}; there are ${known.join(', ')}`);
  return wanted;
}

/** Throws an error with a message for the operator. */
export function readOptions(args) {
  const { values } = parseArgs({ args, options: OPTIONS });
  const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > MOST_ROUNDS)
    throw new Error(`--rounds is from 1 to ${MOST_ROUNDS}`);
  if (!(seconds >= 0.1 && seconds <= MOST_SECONDS))
    throw new Error(`--seconds is from 0.1 to ${MOST_SECONDS}`);
  const nodes = values.node?.split(',').filter(Boolean) ?? [];
  const several = nodes.length > 1;
  // Versions of Node are compared with each other; the other peers would only take time.
  const listed = values.peers ?? (several ? 'haproxy' : undefined);
  const keys = listed === 'none' ? [] : names(listed, peers.map(keyOf), 'peer');
  return {
    ...values,
    only: names(
      values.only,
      works.map(({ name }) => name),
      'work',
    ),
    peers: peers.filter((peer) => keys.includes(keyOf(peer))),
    nodes,
    rounds,
    seconds,
  };
}
