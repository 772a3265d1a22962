// Reloads the gateway when a file changes that its configuration was read from. Waits until the
// writer has finished. A file with the same bytes causes no reload.
import type { Notify } from '../core/notice.js';
import type { FilesRead } from './files-read.js';
import { type Places, watchPlaces } from './watch-places.js';

/** A writer that pauses for this time has finished, */
const QUIET_MS = 200;
/** or else the gateway reads the files after this time. */
const MOST_WAIT_MS = 2_000;
/** How often it looks at the files where the system does not report changes, */
const POLL_MS = 2_000;
/** and where it does: some changes go unreported, such as a new name of a parent directory. */
const LOOK_MS = 30_000;

const NO_FILE =
  'the gateway read no file, so --watch has no effect: the variables of a process cannot change';

export interface WatchOptions {
  readonly files: FilesRead;
  /** Reads the files again. Never rejects. */
  readonly reload: () => Promise<unknown>;
  readonly notify: Notify;
  readonly places?: (changed: () => void) => Places;
}

export interface Watch {
  /** Begins with the files of the start, and says what it watches. */
  start(): Promise<void>;
  /** Call it after a reload that had another cause: the files may be others. */
  follow(): Promise<void>;
  close(): void;
}

export function watchFiles({ files, reload, notify, places = watchPlaces }: WatchOptions): Watch {
  let isClosed = false;
  let quiet: NodeJS.Timeout | undefined;
  let firstChangeMs: number | null = null;
  let looking: Promise<void> | null = null;
  let isPolling = false;
  const watched = places(changed);
  let interval = setInterval(look, LOOK_MS).unref();

  function changed(): void {
    if (isClosed) return;
    const nowMs = performance.now();
    firstChangeMs ??= nowMs;
    clearTimeout(quiet);
    const waitMs = Math.min(QUIET_MS, firstChangeMs + MOST_WAIT_MS - nowMs);
    quiet = setTimeout(look, Math.max(0, waitMs)).unref();
  }

  function poll(problem: string): void {
    if (isPolling) return;
    isPolling = true;
    clearInterval(interval);
    interval = setInterval(look, POLL_MS).unref();
    const detail =
      `the system does not report all changes in ${problem}, so the gateway looks at its files ` +
      `every ${POLL_MS / 1000} s`;
    notify({ event: 'config.watch_polls', level: 'warn', detail });
  }

  function followFiles(): void {
    if (isClosed) return;
    const problem = watched.follow(files.paths());
    if (problem !== null) poll(problem);
  }

  /** Afterwards it watches the files that were read, and knows a change that came meanwhile. */
  async function lookOnce(): Promise<void> {
    followFiles();
    if (!(await files.haveChanged()) || isClosed) return;
    await reload();
    await follow();
  }

  function look(): void {
    if (isClosed) return;
    if (looking !== null) {
      changed();
      return;
    }
    firstChangeMs = null;
    looking = lookOnce().finally(() => {
      looking = null;
    });
  }

  async function follow(): Promise<void> {
    await files.settle();
    followFiles();
    if (await files.haveChanged()) changed();
  }

  return {
    follow,
    async start() {
      await follow();
      const count = files.paths().length;
      if (count === 0) notify({ event: 'config.watch_empty', level: 'warn', detail: NO_FILE });
      else notify({ event: 'config.watching', level: 'info', count });
    },
    close() {
      isClosed = true;
      clearTimeout(quiet);
      clearInterval(interval);
      watched.close();
    },
  };
}
