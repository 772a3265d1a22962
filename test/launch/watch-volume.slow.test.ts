// Watches a volume of Kubernetes: the kubelet writes a new folder, and renames one link to it.
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import { until } from '../fixtures/wait.js';
import { contentOf, SOON_MS, watchedFolder } from '../support/watched-folder.js';

const { at, start } = watchedFolder();

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
    await sleep(SOON_MS);
    expect(seen).toHaveLength(2);
    publish({ 'portcullis.yaml': 'c', 'secrets/session/keys': 'C' });
    await sleep(SOON_MS);
    expect(seen).toHaveLength(2);
  });
});
