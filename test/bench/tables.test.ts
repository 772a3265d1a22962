// The tables, the page and the plot of the bench: ratios within rounds, and nothing where a target
// has no figure.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';

type Slice = Record<string, number>;
type Figures = Record<string, unknown> & { readonly rows: readonly unknown[] };
type Work = { readonly name: string; readonly rows: readonly Record<string, string>[] };

interface Parts {
  readonly inTurns: (targets: string[], rounds: number, measure: (target: string) => Promise<Slice>) => Promise<Slice[][]>;
  readonly ratioOf: (slices: Slice[] | undefined, others: Slice[] | undefined, name: string) => number | undefined;
  readonly medianOf: (slices: Slice[], name: string) => number | undefined;
  readonly figuresOf: (works: Work[], run: object, options: object) => Figures;
  readonly ownTable: (figures: Figures) => string;
  readonly allTable: (figures: Figures) => string;
  readonly cpuTable: (figures: Figures) => string;
  readonly sectionText: (figures: Figures, day: string) => string;
  readonly replaceSection: (page: string, section: string, text: string) => string;
  readonly writePage: (file: string, figures: Figures, day: string) => void;
  readonly plot: (figures: Figures) => string;
}

let parts: Parts;
beforeAll(async () => {
  const files = ['../turns', 'figures', 'tables', 'page', 'plot'].map(
    (name) => import(/* @vite-ignore */ new URL(`../../bench/lab/${name}.mjs`, import.meta.url).href),
  );
  parts = Object.assign({}, ...(await Promise.all(files))) as Parts;
});

describe('turns', () => {
  test('the order is reversed every other round', async () => {
    const seen: string[] = [];
    const measure = async (target: string): Promise<Slice> => ({ at: seen.push(target) });
    const slices = await parts.inTurns(['a', 'b', 'c'], 3, measure);
    expect(seen.join('')).toBe('abccbaabc');
    expect(slices[0]?.map(({ at }) => at)).toEqual([1, 6, 7]);
  });

  test('a ratio is the median of those within a round, not the ratio of medians', () => {
    const [own, other] = [
      [10, 40, 90],
      [10, 20, 30],
    ].map((all) => all.map((rate) => ({ rate })));
    expect(parts.ratioOf(own, other, 'rate')).toBe(2);
    expect(parts.ratioOf([{ rate: 1 }, { rate: 100 }, { rate: 3 }], [{ rate: 2 }, { rate: 50 }, { rate: 1 }], 'rate')).toBe(2);
  });

  test('a target without slices has no ratio and no median', () => {
    expect(parts.ratioOf(undefined, [{ rate: 1 }], 'rate')).toBeUndefined();
    expect(parts.ratioOf([{ rate: 1 }], [{ p50: 1 }], 'rate')).toBeUndefined();
    expect(parts.medianOf([{}] as Slice[], 'rate')).toBeUndefined();
  });
});

const works: Work[] = [
  { name: 'json', rows: [{ title: 'JSON', of: 'rate', unit: '/s', better: 'more' }] },
  { name: 'latency', rows: [{ title: '200 calls/s, p50', of: 'p50', unit: ' µs', better: 'less' }] },
];

function figures(more: object = {}): Figures {
  const calls = (rate: number, cpu: number): Slice[] => [{ rate, cpu }];
  const json = new Map([
    ['floor', calls(20_000, 40)],
    ['Portcullis', calls(18_000, 50)],
    ['HAProxy', calls(15_000, 60)],
    ['old build', calls(9_000, 100)],
  ]);
  const latency = new Map([
    ['floor', [{ p50: 400 }]],
    ['Portcullis', [{ p50: 1500 }]],
    ['HAProxy', [{ p50: 300 }]],
  ]);
  const slices = new Map([
    ['json', json],
    ['latency', latency],
  ]);
  const run = { slices, targets: [...json.keys()], notes: ['a note'], versions: ['20.20.2'], machine: '2 cores' };
  return parts.figuresOf(works, { ...run, ...more }, { rounds: 8, seconds: 0.6, plain: false });
}

/** The cells of the rows below the head. */
const cellsOf = (table: string): string[][] =>
  table
    .split('\n')
    .slice(2)
    .map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

describe('the tables', () => {
  test('compare the gateway with the floor, HAProxy and the old build', () => {
    expect(parts.ownTable(figures()).split('\n')[0]).toMatch(/work +\| Portcullis \| × floor \| × HAProxy \| × old \| CPU µs \|/);
    expect(cellsOf(parts.ownTable(figures()))).toEqual([
      ['JSON', '18,000/s', '0.90', '1.20', '2.00', '50.0', '0.83', '0.50'],
      ['200 calls/s, p50 (less is better)', '1.5 ms', '3.75', '5.00', '-', '-', '-', '-'],
    ]);
  });

  test('compare all targets with HAProxy, and with the floor without it', () => {
    expect(cellsOf(parts.allTable(figures()))[0]).toEqual(['JSON', '15,000/s', '1.33', '1.20', '0.60']);
    const without = figures({ targets: ['floor', 'Portcullis'] });
    expect(cellsOf(parts.allTable(without))[0]).toEqual(['JSON', '20,000/s', '0.90']);
  });

  test('have CPU time of the works that are rates', () => {
    expect(cellsOf(parts.cpuTable(figures()))).toEqual([['JSON', '40.0', '50.0', '60.0', '100']]);
  });
});

describe('the page', () => {
  const page = 'a\n<!-- bench main -->\nold\n<!-- /bench main -->\nb\n<!-- bench plain -->\n<!-- /bench plain -->\n';

  test('changes between the marks only, and the same run writes the same page', () => {
    const once = parts.replaceSection(page, 'main', 'new');
    expect(once).toBe(page.replace('\nold\n', '\n\nnew\n\n'));
    expect(parts.replaceSection(once, 'main', 'new')).toBe(once);
  });

  test('fails without marks', () => {
    expect(() => parts.replaceSection(page, 'versions', 'new')).toThrow('<!-- bench versions -->');
  });

  test('names the day, the releases, the rounds, the machine and the notes, and no host', () => {
    const text = parts.sectionText(figures(), '2026-12-01');
    expect(text).toContain('Measured on 2026-12-01, with `bench/everything.yaml`:\nNode 20.20.2; 8 rounds of 0.6 s.\n2 cores.');
    expect(text).toContain('- a note.');
  });

  test('a run of the main kind writes the plot beside the page, a plain one does not', () => {
    const folder = mkdtempSync(join(tmpdir(), 'portcullis-page-'));
    const file = join(folder, 'page.md');
    writeFileSync(file, page);
    parts.writePage(file, { ...figures(), plain: true }, '2026-12-01');
    expect(readFileSync(file, 'utf8')).toMatch(/<!-- bench plain -->\n\nMeasured on 2026-12-01, without policy/);
    expect(() => readFileSync(join(folder, 'images/performance.svg'))).toThrow();
    parts.writePage(file, figures(), '2026-12-01');
    expect(readFileSync(join(folder, 'images/performance.svg'), 'utf8')).toBe(parts.plot(figures()));
    rmSync(folder, { recursive: true });
  });

  test('docs/performance.md has the marks of each kind of run', () => {
    const doc = readFileSync(new URL('../../docs/performance.md', import.meta.url), 'utf8');
    for (const section of ['main', 'plain', 'versions']) expect(parts.replaceSection(doc, section, 'x')).toContain('x');
  });
});

describe('the plot', () => {
  test('has each target once in the legend and once in the work that it did', () => {
    const svg = parts.plot(figures());
    for (const name of ['Portcullis', 'floor', 'HAProxy']) expect(svg).toContain(`>${name}</text>`);
    expect(svg).not.toContain('old build');
    expect(svg.match(/class="m0"/g)).toHaveLength(2);
    expect(svg).toContain('@media (prefers-color-scheme:dark)');
    expect(svg).not.toMatch(/NaN|undefined/);
  });

  test('puts a faster target further to the right, and escapes names', () => {
    const svg = parts.plot(figures());
    const x = (at: number): number => Number(new RegExp(`class="m${at}" cx="([\\d.]+)"`).exec(svg.split('1 ×')[1] ?? '')?.[1]);
    const base = Number(/class="base" x1="([\d.]+)"/.exec(svg)?.[1]);
    expect(x(0)).toBeGreaterThan(base);
    const renamed = figures({ targets: ['floor', 'Portcullis', 'HAProxy', 'a<b'] });
    expect(parts.plot(renamed)).toContain('a&lt;b');
  });
});
