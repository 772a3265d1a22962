// Compares targets under the load generator in Node: a row for each, with ratios to the others.
import { markdown } from './markdown.mjs';
import { cpuMicroseconds } from './processes.mjs';
import { median, quantile } from './statistics.mjs';
import { inTurns, medianOf, ratioOf } from './turns.mjs';

const CONNECTIONS = 32;
/** The time until the code is optimized; the gateway has more code than the floor. */
const WARM_SECONDS = 4;
const SLACK_MS = 15_000;

/** `pids`: those of a target with several processes. */
const cpuOf = ({ pid, pids = [pid] }) => pids.reduce((sum, one) => sum + cpuMicroseconds(one), 0);

async function measure(load, target, seconds) {
  const before = cpuOf(target);
  const order = { port: target.port, request: target.request, connections: CONNECTIONS, seconds };
  const { rate, answers, bad, unanswered, error } = await load.ask(
    order,
    seconds * 1000 + SLACK_MS,
  );
  if (error !== undefined) throw new Error(`${target.name}: ${error}`);
  if (bad + unanswered > 0)
    throw new Error(
      `${target.name}: ${bad} of ${answers} answers were not 200, ${unanswered} never came`,
    );
  target.answers = (target.answers ?? 0) + answers;
  return { rate, cpu: (cpuOf(target) - before) / answers };
}

/**
 * Measures all targets; resolves with one row each. Ratios are to the target that `base` names, and
 * to the target that `against` names.
 */
export async function compare(load, targets, { rounds, seconds, say, base = 'floor' }) {
  for (const target of targets) await measure(load, target, WARM_SECONDS);
  const progress = (round) => round % 5 === 0 && say(`${round} of ${rounds} rounds`);
  const all = await inTurns(targets, rounds, (it) => measure(load, it, seconds), progress);
  const slices = new Map(targets.map((target, at) => [target, all[at]]));
  const slicesOf = (wanted) => slices.get(targets.find(({ name }) => name === wanted));
  const floor = slicesOf(base);
  return targets.map((target) => {
    const own = slices.get(target);
    const ratios = own.map(({ rate }, round) => rate / floor[round].rate);
    const other = slicesOf(target.against);
    return {
      name: target.name,
      rate: medianOf(own, 'rate'),
      rateRatio: median(ratios),
      spread: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
      cpu: medianOf(own, 'cpu'),
      // Not a number without /proc.
      cpuRatio: ratioOf(own, floor, 'cpu') ?? Number.NaN,
      against: other && {
        name: target.against,
        rate: ratioOf(own, other, 'rate'),
        cpu: ratioOf(own, other, 'cpu') ?? Number.NaN,
      },
    };
  });
}

const number = (value, digits) => (Number.isFinite(value) ? value.toFixed(digits) : '-');

export function table(rows, base = 'floor') {
  const times = `× ${base}`;
  const head = ['target', 'requests/s', times, 'middle half', 'CPU µs/request', times];
  const cells = rows.map(({ name, rate, rateRatio, spread, cpu, cpuRatio }) => [
    name,
    number(rate, 0),
    number(rateRatio, 2),
    spread.map((value) => number(value, 2)).join(' to '),
    number(cpu, 1),
    number(cpuRatio, 2),
  ]);
  return markdown(head, cells);
}
