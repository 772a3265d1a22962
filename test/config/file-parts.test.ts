// The reader of large text files: every line once and with its number, wherever a part ends, and
// each kind of file that cannot be read.
import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, mkdtempSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readFileParts } from '../../src/config/file-parts.js';

const PART_BYTES = 128 * 1024;

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-file-parts-'));
  file = join(folder, 'lines');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Each line with its number, and the problem of the file. `between` runs after each part. */
function read(path: string, between: () => void = () => {}) {
  const lines: [number, string][] = [];
  const long: number[] = [];
  const parts = readFileParts(path, {
    line: (text, number) => void lines.push([number, text]),
    unreadable: (_message, number) => void long.push(number),
  });
  for (;;) {
    const { done, value } = parts.next();
    if (done === true) return { lines, long, problem: value ?? null };
    between();
  }
}

test.each([-2, -1, 0, 1, 2])('lines around the end of a part are whole: %i bytes beyond it', (beyond) => {
  const first = `${'é'.repeat(20_000)}${'a'.repeat(20_000)}`;
  const second = 'b'.repeat(60_000);
  const used = Buffer.byteLength(first) + second.length + 2;
  const third = 'c'.repeat(PART_BYTES - used + beyond);
  writeFileSync(file, `${first}\n${second}\n${third}\nlast`);
  const texts = [first, second, third, 'last'];
  expect(read(file)).toEqual({ lines: texts.map((text, i) => [i + 1, text]), long: [], problem: null });
});

test('lines of many lengths over many parts', () => {
  const texts = Array.from({ length: 3_000 }, (_, i) => `${i}:${'x'.repeat((i * 7_919) % 997)}`);
  writeFileSync(file, texts.join('\n'));
  expect(read(file).lines).toEqual(texts.map((text, i) => [i + 1, text]));
});

test.each([70_000, PART_BYTES, 500_000])('a line of %i bytes is one problem, and the next lines are read', (bytes) => {
  writeFileSync(file, `a\n${'x'.repeat(bytes)}\nb\n`);
  expect(read(file)).toEqual({
    lines: [
      [1, 'a'],
      [3, 'b'],
    ],
    long: [2],
    problem: null,
  });
  writeFileSync(file, `a\n${'x'.repeat(bytes)}`);
  expect(read(file)).toEqual({ lines: [[1, 'a']], long: [2], problem: null });
});

test.each<[string, (path: string) => string]>([
  ['does not exist; correct the path', (path) => join(path, 'missing')],
  ['is a folder; write the path of the file in it', (path) => path],
  ['has a file where its path needs a folder; correct the path', () => join(file, 'x')],
  ['is a pipe or a device, which cannot be read again; write the path of a file', () => '/dev/null'],
])('a path that %s', (problem, pathIn) => {
  writeFileSync(file, 'x');
  const path = pathIn(folder);
  expect(read(path)).toEqual({ lines: [], long: [], problem: `${path} ${problem}` });
});

test('a pipe without a writer does not stop the process', () => {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  expect(read(pipe).problem).toBe(`${pipe} is a pipe or a device, which cannot be read again; write the path of a file`);
});

test('a link to itself', () => {
  const link = join(folder, 'link');
  symlinkSync(link, link);
  expect(read(link).problem).toBe(`${link} is a link that leads to itself; correct the link`);
});

test.skipIf(process.getuid?.() === 0)('a file that this user may not read', () => {
  writeFileSync(file, 'x');
  chmodSync(file, 0);
  const { problem } = read(file);
  chmodSync(file, 0o600);
  expect(problem).toContain('may not be read by this user');
});

const CHANGED = 'changed while the gateway read it; write a new file, and rename it to this path';

test.each<[string, () => void]>([
  ['grows after each part', () => appendFileSync(file, 'y\n')],
  ['is cut', () => truncateSync(file, 2)],
  ['is written again, with the same size', () => utimesSync(file, 1, 1)],
])('a file that %s meanwhile is not half read', (_what, change) => {
  writeFileSync(file, 'x\n'.repeat(PART_BYTES));
  expect(read(file).problem).toBeNull();
  let parts = 0;
  const { problem } = read(file, () => {
    // Without an end, the test would have none either.
    expect(++parts).toBeLessThan(10);
    change();
  });
  expect(problem).toBe(`${file} ${CHANGED}`);
});

test('UTF-16, and a file of more than 256 MiB', () => {
  writeFileSync(file, Buffer.from('\ufeff{}', 'utf16le'));
  expect(read(file).problem).toBe(`${file} is UTF-16; save it as UTF-8`);
  // A sparse file: it takes no space.
  truncateSync(file, 256 * 1024 * 1024 + 1);
  expect(read(file).problem).toBe(`${file} has more than 256 MiB; remove keys that are not used any more`);
});
