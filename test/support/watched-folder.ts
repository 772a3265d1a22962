// Watches files of a temporary folder, and remembers what each reload read.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { Notice } from '../../src/core/notice.js';
import { createFilesRead } from '../../src/launch/files-read.js';
import { type Watch, watchFiles } from '../../src/launch/watch-files.js';
import type { Places } from '../../src/launch/watch-places.js';

/** More than the quiet time of a writer. */
export const SOON_MS = 450;

export const contentOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return 'none';
  }
};

export interface WatchedFolder {
  /** A path in the folder; without names the folder itself. */
  at(...names: string[]): string;
  notices(): readonly Notice[];
  /** Watches these files. Returns what each reload read. */
  start(paths: () => string[], places?: (changed: () => void) => Places): Promise<string[]>;
  close(): void;
}

/** A new folder for each test of the file. */
export function watchedFolder(): WatchedFolder {
  let folder: string;
  let watching: Watch | undefined;
  let notices: Notice[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'portcullis-watch-'));
    notices = [];
  });
  const close = (): void => {
    watching?.close();
    watching = undefined;
  };
  afterEach(() => {
    close();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    at: (...names) => join(folder, ...names),
    notices: () => notices,
    close,
    async start(paths, places) {
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
      const notify = (notice: Notice): void => void notices.push(notice);
      watching = watchFiles({ files, reload, notify, ...(places && { places }) });
      await watching.start();
      return seen;
    },
  };
}
