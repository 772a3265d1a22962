// Takes the output of one process in pieces and hands on whole lines. Without it, the lines of
// several processes on one pipe tear: the system keeps only writes of up to 4096 bytes together.

const LINE_FEED = 10;

export interface WholeLines {
  add(piece: Buffer): void;
  /** The process is gone. An unfinished line is dropped, because nothing could parse it. */
  end(): void;
}

export function createWholeLines(write: (lines: Buffer) => unknown): WholeLines {
  let rest: Buffer[] = [];
  return {
    add(piece) {
      const end = piece.lastIndexOf(LINE_FEED) + 1;
      if (end > 0) {
        write(
          rest.length === 0
            ? piece.subarray(0, end)
            : Buffer.concat([...rest, piece.subarray(0, end)]),
        );
        rest = [];
      }
      if (end < piece.length) rest.push(piece.subarray(end));
    },
    end() {
      rest = [];
    },
  };
}
