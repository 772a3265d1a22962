// Remembers the files of the last reading of a configuration, and tells whether one of them has
// other bytes now. Keeps hashes, and no content.
import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';

export interface FilesRead {
  /** A new reading begins. */
  begin(): void;
  /** Call it before the file is read. */
  note(path: string): void;
  paths(): string[];
  /** Hashes the files. Call it when the reading has ended. */
  settle(): Promise<void>;
  /** True where a file is not the one that was read: other bytes, removed, or there again. */
  haveChanged(): Promise<boolean>;
}

interface Remembered {
  /** Equal as long as the path leads to the same file, and no program writes to it. */
  mark: string;
  /** Null: unknown, because the file changed during the reading. */
  hash: string | null;
}

function markOf(path: string): string {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(':');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'no code';
  }
}

/** In parts, so that a large file does not stop the process. The mark where it cannot be read. */
async function hashOf(path: string, mark: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    // A pipe or a device cannot be read twice.
    if (!statSync(path).isFile()) return mark;
    for await (const part of createReadStream(path)) hash.update(part as Buffer);
    return hash.digest('base64');
  } catch {
    return mark;
  }
}

export function createFilesRead(): FilesRead {
  let files = new Map<string, Remembered>();
  return {
    begin() {
      files = new Map();
    },
    note(path) {
      if (!files.has(path)) files.set(path, { mark: markOf(path), hash: null });
    },
    paths: () => [...files.keys()],
    async settle() {
      for (const [path, file] of files) {
        const hash = await hashOf(path, file.mark);
        if (markOf(path) === file.mark) file.hash = hash;
      }
    },
    async haveChanged() {
      for (const [path, file] of files) {
        const mark = markOf(path);
        if (mark === file.mark) continue;
        if ((await hashOf(path, mark)) !== file.hash) return true;
        // Touched, or replaced by an equal file.
        file.mark = mark;
      }
      return false;
    },
  };
}
