// Writes the figures as Markdown tables, which a terminal shows well, too.
import { markdown } from '../markdown.mjs';
import { FLOOR, HAPROXY, OLD, OWN } from './names.mjs';

const NONE = '-';

function digits(value) {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

const number = (value) => (value === undefined ? NONE : digits(value));
const ratio = (value) => (value === undefined ? NONE : value.toFixed(2));
const thousands = (text) => text.replace(/\B(?=(\d{3})+(?!\d))/g, ',');

function amount({ value }, { unit }) {
  if (value === undefined) return NONE;
  if (unit === ' µs' && value >= 1000) return `${(value / 1000).toFixed(1)} ms`;
  return `${value >= 1000 ? thousands(value.toFixed(0)) : digits(value)}${unit}`;
}

/** The row of a measure where less is better says so: its ratios read the other way. */
const titleOf = ({ title, better }) => (better === 'less' ? `${title} (less is better)` : title);

/** The gateway beside the floor, HAProxy and an older build. */
export function ownTable({ rows, targets }) {
  const bases = [
    [FLOOR, 'floor'],
    [HAPROXY, 'HAProxy'],
    [OLD, 'old'],
  ].filter(([name]) => targets.includes(name));
  const cpuBases = bases.filter(([name]) => name !== FLOOR);
  const head = [
    'work',
    OWN,
    ...bases.map(([, short]) => `× ${short}`),
    'CPU µs',
    ...cpuBases.map(([, short]) => `CPU × ${short}`),
  ];
  const cells = rows.map((row) => {
    const own = row.cells[OWN];
    return [
      titleOf(row),
      amount(own, row),
      ...bases.map(([name]) => ratio(own.ratios[name])),
      number(own.cpu),
      ...cpuBases.map(([name]) => (row.isRate ? ratio(own.cpuRatios[name]) : NONE)),
    ];
  });
  return markdown(head, cells);
}

/** The target that the others are compared with: HAProxy, or the floor without it. */
export const baseOf = ({ targets }) => (targets.includes(HAPROXY) ? HAPROXY : FLOOR);

/** All targets as ratios to one of them, whose own column has amounts. */
export function allTable({ rows, targets }) {
  const base = baseOf({ targets });
  const others = targets.filter((name) => name !== base);
  const cells = rows.map((row) => [
    titleOf(row),
    amount(row.cells[base], row),
    ...others.map((name) => ratio(row.cells[name].ratios[base])),
  ]);
  return markdown(['work', `${base} = 1`, ...others], cells);
}

/** CPU time per request of all targets: what a busy machine changes least. */
export function cpuTable({ rows, targets }) {
  const cells = rows
    .filter(({ isRate }) => isRate)
    .map((row) => [row.title, ...targets.map((name) => number(row.cells[name].cpu))]);
  return markdown(['CPU µs per request', ...targets], cells);
}
