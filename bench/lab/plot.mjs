// Draws the rates of all targets as a plot of dots, in SVG: one line for each work, on a
// logarithmic scale of ratios. Its colours follow the reader's light or dark scheme.
import { OLD, OWN } from './names.mjs';
import { baseOf } from './tables.mjs';

const WIDTH = 860;
const LEFT = 190;
const RIGHT = 24;
const TOP = 52;
const LINE = 44;
const TICKS = [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
const LEGEND_LEFT = 24;
const LEGEND_LINE = 22;
const LEGEND_GAP = 22;
const LETTER = 7.2;

/** Shapes differ too, for readers who see colours alike. Each pair: in light and in dark. */
const MARKS = [
  { color: ['#0550ae', '#79c0ff'], shape: 'circle' },
  { color: ['#57606a', '#9198a1'], shape: 'square' },
  { color: ['#1a7f37', '#56d364'], shape: 'diamond' },
  { color: ['#cf222e', '#ff7b72'], shape: 'triangle' },
  { color: ['#953800', '#ffa657'], shape: 'square' },
  { color: ['#8250df', '#d2a8ff'], shape: 'diamond' },
  { color: ['#bf3989', '#ff9bce'], shape: 'triangle' },
  { color: ['#9a6700', '#e3b341'], shape: 'circle' },
];

const escaped = (text) =>
  text.replace(/[&<>]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[sign]);

function style() {
  const rules = (scheme) => MARKS.map(({ color }, at) => `.m${at}{fill:${color[scheme]}}`).join('');
  return [
    '<style>',
    'text{font:13px system-ui,sans-serif;fill:#1f2328}',
    '.grid{stroke:#d1d9e0;stroke-width:1}.base{stroke:#57606a;stroke-width:1.5}',
    `.small{font-size:12px;fill:#57606a}${rules(0)}`,
    '@media (prefers-color-scheme:dark){',
    'text{fill:#e6edf3}.grid{stroke:#3d444d}.base{stroke:#9198a1}',
    `.small{fill:#9198a1}${rules(1)}}`,
    '</style>',
  ].join('');
}

function mark(at, x, y, size) {
  const { shape } = MARKS[at % MARKS.length];
  const name = `class="m${at % MARKS.length}"`;
  const polygon = (points) =>
    `<polygon ${name} points="${points.map((p) => p.join(',')).join(' ')}"/>`;
  const [left, right, top, low] = [x - size, x + size, y - size, y + size];
  if (shape === 'circle') return `<circle ${name} cx="${x}" cy="${y}" r="${size}"/>`;
  if (shape === 'square')
    return `<rect ${name} x="${left}" y="${top}" width="${2 * size}" height="${2 * size}"/>`;
  if (shape === 'diamond')
    return polygon([
      [x, top - 1],
      [right + 1, y],
      [x, low + 1],
      [left - 1, y],
    ]);
  return polygon([
    [x, top],
    [right, low],
    [left, low],
  ]);
}

const round = (value) => Number(value.toFixed(1));

/** The scale holds every ratio, from one tick to another. */
function scaleOf(ratios) {
  const least = TICKS.findLast((tick) => tick <= Math.min(...ratios)) ?? TICKS[0];
  const most = TICKS.find((tick) => tick >= Math.max(...ratios)) ?? TICKS.at(-1);
  const length = Math.log(most / least) || 1;
  const x = (value) =>
    round(
      LEFT +
        ((WIDTH - LEFT - RIGHT) * Math.log(Math.min(Math.max(value, least), most) / least)) /
          length,
    );
  return { x, ticks: TICKS.filter((tick) => tick >= least && tick <= most) };
}

/** Goes on in another line where the first is full. `lines`: how many there are. */
function legend(targets) {
  let [x, lines] = [LEGEND_LEFT, 1];
  const shown = targets.map((name, at) => {
    const width = 10 + name.length * LETTER;
    if (x + width > WIDTH) [x, lines] = [LEGEND_LEFT, lines + 1];
    const y = TOP + (lines - 1) * LEGEND_LINE;
    const text = `<text x="${round(x + 10)}" y="${y + 4}">${escaped(name)}</text>`;
    const entry = mark(at, round(x), y, 5) + text;
    x += width + LEGEND_GAP;
    return entry;
  });
  return { shown, lines };
}

/** The plot of the rows that are rates. */
export function plot({ rows, targets }) {
  const base = baseOf({ targets });
  // The old build is for those who work on the gateway, and not for readers of the page.
  const first = [OWN, ...targets.filter((name) => name !== OWN && name !== OLD)];
  const rates = rows.filter(({ isRate }) => isRate);
  const ratioOf = (row, name) => row.cells[name].ratios[base];
  const ratios = rates.flatMap((row) => first.map((name) => ratioOf(row, name))).filter(Boolean);
  const { x, ticks } = scaleOf(ratios);
  const { shown, lines: legendLines } = legend(first);
  const top = TOP + legendLines * LEGEND_LINE + 10;
  const height = top + rates.length * LINE + 30;
  const bottom = height - 26;
  const grid = ticks.map((tick) => {
    const line = `<line class="${tick === 1 ? 'base' : 'grid'}" x1="${x(tick)}" y1="${top - 8}" x2="${x(tick)}" y2="${bottom}"/>`;
    return `${line}<text class="small" text-anchor="middle" x="${x(tick)}" y="${height - 8}">${tick} ×</text>`;
  });
  const lines = rates.flatMap((row, at) => {
    const y = top + at * LINE + LINE / 2;
    const title = `<text text-anchor="end" x="${LEFT - 14}" y="${y + 4}">${escaped(row.title)}</text>`;
    const dots = first
      .map((name, number) => [ratioOf(row, name), number])
      .filter(([value]) => value !== undefined)
      // The gateway's own mark comes last, above the others.
      .reverse()
      .map(([value, number]) => mark(number, x(value), y, number === 0 ? 7 : 5));
    return [title, ...dots];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    `<title>Requests per second of each target, ${escaped(base)} = 1</title>`,
    style(),
    `<text x="${LEGEND_LEFT - 6}" y="24">Requests per second, ${escaped(base)} = 1 (logarithmic; right is faster)</text>`,
    ...shown,
    ...grid,
    ...lines,
    '</svg>',
    '',
  ].join('\n');
}
