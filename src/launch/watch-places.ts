// Watches the directories that decide which file a path leads to: that of the file, and those of
// symbolic links on the way. So a file that is renamed, removed or swapped is noticed.
import { type FSWatcher, lstatSync, readlinkSync, statfsSync, watch } from 'node:fs';
import { basename, join, parse, resolve, sep } from 'node:path';

/** More links than Linux follows. */
const MOST_LINKS = 40;

/** The kind of an entry, and the target of a link. Null: there is no such entry. */
function linkAt(path: string): { target: string | null } | null {
  try {
    return { target: lstatSync(path).isSymbolicLink() ? readlinkSync(path) : null };
  } catch {
    return null;
  }
}

/**
 * Each directory with the name of an entry in it that matters, and the file itself. Where a part of
 * the path does not exist, the last directory that does is the place where it would appear.
 */
export function* placesOf(path: string, links = 0): Generator<readonly [string, string]> {
  const { root } = parse(resolve(path));
  const parts = resolve(path).slice(root.length).split(sep);
  let directory = root;
  for (const [i, name] of parts.entries()) {
    const here = join(directory, name);
    const entry = linkAt(here);
    const isLast = i === parts.length - 1;
    if (entry === null || entry.target !== null || isLast) yield [directory, name];
    // A container may have this one file of its host, whose directory it does not see.
    if (entry?.target === null && isLast) yield [here, name];
    if (entry === null) return;
    if (entry.target !== null) {
      const target = resolve(directory, entry.target, ...parts.slice(i + 1));
      if (links < MOST_LINKS) yield* placesOf(target, links + 1);
      return;
    }
    directory = here;
  }
}

/** Kinds of file systems whose changes another host makes: `f_type` of statfs(2). */
const REMOTE = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x517b, 'SMB'],
  [0x65735546, 'FUSE'],
  [0x01021997, '9P'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
  [0x5346414f, 'AFS'],
]);

/** The name of a file system that does not report all changes; null for any other. */
function remoteKind(directory: string): string | null {
  // 32 bits, with or without a sign.
  return REMOTE.get(statfsSync(directory).type >>> 0) ?? null;
}

export interface Places {
  /** Watches the directories of these files, and no others. Returns why it cannot watch one. */
  follow(paths: Iterable<string>): string | null;
  close(): void;
}

/** `changed`: an entry that matters may lead to another file now. */
export function watchPlaces(changed: () => void, watchDirectory = watch): Places {
  let watchers = new Map<string, FSWatcher>();
  let problem: string | null = null;

  function watchOne(directory: string, names: ReadonlySet<string>): FSWatcher | null {
    const failed = (why: string): null => {
      problem ??= `${directory} (${why})`;
      return null;
    };
    try {
      const kind = remoteKind(directory);
      if (kind !== null) return failed(kind);
      const watcher = watchDirectory(directory, { persistent: false }, (_event, name) => {
        // The system names the directory itself where it is removed.
        if (name === null || names.has(name) || name === basename(directory)) changed();
      });
      watcher.on('error', changed);
      return watcher;
    } catch (error) {
      const { code = 'no code' } = error as NodeJS.ErrnoException;
      // It went away in this moment.
      if (code === 'ENOENT') changed();
      return failed(code);
    }
  }

  const closeAll = (old: Iterable<FSWatcher>): void => {
    for (const watcher of old) watcher.close();
  };

  return {
    follow(paths) {
      const names = new Map<string, Set<string>>();
      for (const path of paths)
        for (const [directory, name] of placesOf(path))
          names.set(directory, (names.get(directory) ?? new Set()).add(name));
      problem = null;
      const old = watchers;
      watchers = new Map();
      // All of them are new: a directory that was removed and made again looks the same.
      for (const [directory, wanted] of names) {
        const watcher = watchOne(directory, wanted);
        if (watcher !== null) watchers.set(directory, watcher);
      }
      closeAll(old.values());
      return problem;
    },
    close: () => closeAll(watchers.values()),
  };
}
