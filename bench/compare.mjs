// Compares targets: short slices in turn, in reverse order every other round. The result is the
// median of the ratios within a round.
//
// The speed of a machine varies within seconds. Two slices of one round are close enough in time to
// be compared.
import { cpuMicroseconds } from './processes.mjs';
import { median, quantile } from './statistics.mjs';

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
  const slices = new Map(targets.map((target) => [target, []]));
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? targets : targets.toReversed();
    for (const target of order) slices.get(target).push(await measure(load, target, seconds));
    if ((round + 1) % 5 === 0) say(`${round + 1} of ${rounds} rounds`);
  }
  const slicesOf = (wanted) => slices.get(targets.find(({ name }) => name === wanted));
  const floor = slicesOf(base);
  const ratio = (own, other, unit) =>
    median(own.map((slice, round) => slice[unit] / other[round][unit]));
  return targets.map((target) => {
    const own = slices.get(target);
    const ratios = own.map(({ rate }, round) => rate / floor[round].rate);
    const other = slicesOf(target.against);
    return {
      name: target.name,
      rate: median(own.map(({ rate }) => rate)),
      rateRatio: median(ratios),
      spread: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
      cpu: median(own.map(({ cpu }) => cpu)),
      cpuRatio: ratio(own, floor, 'cpu'),
      against: other && {
        name: target.against,
        rate: ratio(own, other, 'rate'),
        cpu: ratio(own, other, 'cpu'),
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
  const widths = head.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => row[column].length)),
  );
  const line = (row) =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`;
  const rule = `| ${widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(head), rule, ...cells.map(line)].join('\n');
}
