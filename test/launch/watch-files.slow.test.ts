// Watches real files: each way in which editors, operators and Kubernetes replace them causes one
// reload, and a file with the same bytes causes none.
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  type watch,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Notice } from '../../src/core/notice.js';
import { createFilesRead } from '../../src/launch/files-read.js';
import { type Watch, watchFiles } from '../../src/launch/watch-files.js';
import { type Places, watchPlaces } from '../../src/launch/watch-places.js';
import { until } from '../fixtures/wait.js';

let folder: string;
let watching: Watch | undefined;
let notices: Notice[];
const at = (...names: string[]): string => join(folder, ...names);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-watch-'));
  notices = [];
});
afterEach(() => {
  watching?.close();
  watching = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const contentOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return 'none';
  }
};

/** Watches these files. Returns what each reload read. */
async function start(paths: () => string[], places?: (changed: () => void) => Places): Promise<string[]> {
  const files = createFilesRead();
  const seen: string[] = [];
  const read = (): string => {
    files.begin();
    return paths()
      .map((path) => {
        files.note(path);
        return contentOf(path);
      })
      .join('+');
  };
  const reload = async (): Promise<void> => void seen.push(read());
  read();
  watching = watchFiles({ files, reload, notify: (notice) => notices.push(notice), ...(places && { places }) });
  await watching.start();
  return seen;
}

/** More than the quiet time of a writer. */
const SOON_MS = 450;

describe('a file that', () => {
  const writes: [string, (path: string) => Promise<void> | void][] = [
    ['a program writes', (path) => writeFileSync(path, 'b')],
    [
      'an editor writes beside it and renames',
      (path) => {
        writeFileSync(`${path}.new`, 'b');
        renameSync(`${path}.new`, path);
      },
    ],
    [
      'an editor moves away and writes anew',
      (path) => {
        renameSync(path, `${path}~`);
        writeFileSync(path, 'b');
      },
    ],
    [
      'a program removes and makes again at once',
      (path) => {
        unlinkSync(path);
        writeFileSync(path, 'b');
      },
    ],
    [
      'a program writes in pieces',
      async (path) => {
        writeFileSync(path, '');
        await sleep(50);
        appendFileSync(path, 'b');
      },
    ],
  ];
  test.each(writes)('%s is read once', async (_how, write) => {
    writeFileSync(at('file'), 'a');
    const seen = await start(() => [at('file')]);
    await write(at('file'));
    await until('the reload', () => seen.length > 0, 1_000);
    await sleep(SOON_MS);
    expect(seen).toEqual(['b']);
    // It is still watched.
    writeFileSync(at('file'), 'c');
    await until('the second reload', () => seen.length > 1, 1_000);
    expect(seen).toEqual(['b', 'c']);
  });

  const same: [string, (path: string) => void][] = [
    ['is touched', (path) => utimesSync(path, new Date(), new Date(Date.now() + 5_000))],
    ['gets the same bytes', (path) => writeFileSync(path, 'a')],
    [
      'an equal one replaces',
      (path) => {
        writeFileSync(`${path}.new`, 'a');
        renameSync(`${path}.new`, path);
      },
    ],
    ['has a neighbour that changes', (path) => writeFileSync(`${path}.other`, 'x')],
  ];
  test.each(same)('%s causes no reload', async (_how, write) => {
    writeFileSync(at('file'), 'a');
    const seen = await start(() => [at('file')]);
    write(at('file'));
    await sleep(SOON_MS);
    expect(seen).toEqual([]);
    writeFileSync(at('file'), 'b');
    await until('the reload', () => seen.length > 0, 1_000);
  });

  test('is removed, and made again later', async () => {
    writeFileSync(at('file'), 'a');
    const seen = await start(() => [at('file')]);
    unlinkSync(at('file'));
    await until('the reload', () => seen.length > 0, 1_000);
    writeFileSync(at('file'), 'b');
    await until('the second reload', () => seen.length > 1, 1_000);
    expect(seen).toEqual(['none', 'b']);
  });

  test('goes with its folder, and both are made again, twice', async () => {
    const seen = await start(() => [at('folder', 'deep', 'file')]);
    for (const content of ['a', 'b']) {
      mkdirSync(at('folder', 'deep'), { recursive: true });
      writeFileSync(at('folder', 'deep', 'file'), content);
      await until(`a reload with ${content}`, () => seen.at(-1) === content, 1_500);
      rmSync(at('folder'), { recursive: true });
      await until('a reload without it', () => seen.at(-1) === 'none', 1_500);
    }
    mkdirSync(at('folder', 'deep'), { recursive: true });
    await sleep(SOON_MS);
    writeFileSync(at('folder', 'deep', 'file'), 'c');
    await until('the last reload', () => seen.at(-1) === 'c', 1_500);
  });

  test('a program writes without a pause is read within two seconds', async () => {
    writeFileSync(at('file'), 'a');
    const seen = await start(() => [at('file')]);
    const endMs = performance.now() + 2_600;
    while (performance.now() < endMs && seen.length === 0) {
      appendFileSync(at('file'), 'b');
      await sleep(40);
    }
    expect(seen.length).toBeGreaterThan(0);
  });
});

describe('a volume of Kubernetes', () => {
  let version = 0;
  /** As the kubelet does: a new folder with all files, and one link that leads to it. */
  function publish(files: Record<string, string>): void {
    const name = `..2026_11_30_${++version}`;
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(join(at(name, path), '..'), { recursive: true });
      writeFileSync(at(name, path), content);
    }
    const before = version === 1 ? null : at(`..2026_11_30_${version - 1}`);
    symlinkSync(name, at('..data_tmp'));
    renameSync(at('..data_tmp'), at('..data'));
    for (const path of Object.keys(files)) {
      const [top = ''] = path.split('/');
      if (contentOf(at(top)) === 'none' && before === null) symlinkSync(join('..data', top), at(top));
    }
    if (before !== null) rmSync(before, { recursive: true });
  }
  beforeEach(() => {
    version = 0;
  });

  test.each([
    ['its file and its secret', ['portcullis.yaml', 'secrets/session/keys']],
    ['a secret alone', ['secrets/session/keys']],
  ])('is read once at each swap: %s', async (_what, names) => {
    publish({ 'portcullis.yaml': 'a', 'secrets/session/keys': 'A' });
    const seen = await start(() => names.map((name) => at(name)));
    for (const [a, b] of [
      ['a', 'B'],
      ['c', 'C'],
    ] as const) {
      publish({ 'portcullis.yaml': a, 'secrets/session/keys': b });
      const expected = names.length === 1 ? b : `${a}+${b}`;
      await until('the reload', () => seen.at(-1) === expected, 1_000);
    }
    expect(seen).toHaveLength(2);
    publish({ 'portcullis.yaml': 'c', 'secrets/session/keys': 'C' });
    await sleep(SOON_MS);
    expect(seen).toHaveLength(2);
  });
});

test('after a reload it watches the files of the new configuration, and no others', async () => {
  for (const name of ['one', 'two']) {
    mkdirSync(at(name));
    writeFileSync(at(name, 'secret'), 'a');
  }
  writeFileSync(at('config'), 'one');
  const seen = await start(() => [at('config'), at(contentOf(at('config')), 'secret')]);
  writeFileSync(at('config'), 'two');
  await until('the reload', () => seen.length === 1, 1_000);
  writeFileSync(at('one', 'secret'), 'b');
  await sleep(SOON_MS);
  expect(seen).toEqual(['two+a']);
  writeFileSync(at('two', 'secret'), 'c');
  await until('the reload of the secret', () => seen.length === 2, 1_000);
});

test('where the system cannot watch, it looks every few seconds, and says so once', async () => {
  writeFileSync(at('file'), 'a');
  const full: typeof watch = () => {
    throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
  };
  const seen = await start(
    () => [at('file')],
    (changed) => watchPlaces(changed, full),
  );
  for (const content of ['b', 'c']) {
    writeFileSync(at('file'), content);
    await until('a reload', () => seen.at(-1) === content, 4_000);
  }
  const polls = notices.filter(({ event }) => event === 'config.watch_polls');
  expect(polls).toMatchObject([{ level: 'warn', detail: expect.stringContaining(`${folder} (ENOSPC)`) }]);
});

test('leaves no watcher and no timer', async () => {
  writeFileSync(at('file'), 'a');
  const before = process.getActiveResourcesInfo().length;
  await start(() => [at('file')]);
  writeFileSync(at('file'), 'b');
  await sleep(50);
  watching?.close();
  await sleep(20);
  expect(process.getActiveResourcesInfo().filter((name) => name === 'FSEventWrap')).toEqual([]);
  expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(before);
});

test('says where there is nothing to watch', async () => {
  await start(() => []);
  expect(notices).toMatchObject([{ event: 'config.watch_empty', level: 'warn' }]);
});
