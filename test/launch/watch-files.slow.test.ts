// Watches real files: each way in which editors and operators replace them causes one reload, and a
// file with the same bytes causes none.
import { appendFileSync, mkdirSync, renameSync, rmSync, unlinkSync, utimesSync, type watch, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { watchPlaces } from '../../src/launch/watch-places.js';
import { until } from '../fixtures/wait.js';
import { contentOf, SOON_MS, watchedFolder } from '../support/watched-folder.js';

const { at, start, notices, close } = watchedFolder();

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
  const polls = notices().filter(({ event }) => event === 'config.watch_polls');
  expect(polls).toMatchObject([{ level: 'warn', detail: expect.stringContaining(`${at()} (ENOSPC)`) }]);
});

test('leaves no watcher and no timer', async () => {
  writeFileSync(at('file'), 'a');
  const before = process.getActiveResourcesInfo().length;
  await start(() => [at('file')]);
  writeFileSync(at('file'), 'b');
  await sleep(50);
  close();
  await sleep(20);
  expect(process.getActiveResourcesInfo().filter((name) => name === 'FSEventWrap')).toEqual([]);
  expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(before);
});

test('says where there is nothing to watch', async () => {
  await start(() => []);
  expect(notices()).toMatchObject([{ event: 'config.watch_empty', level: 'warn' }]);
});
