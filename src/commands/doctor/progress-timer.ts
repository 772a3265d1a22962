// Reports while one check takes long: which check, and for how many seconds it has been running.

export interface ProgressTimer {
  begin(name: string): void;
  end(): void;
}

/** After this number of lines, only one interval in as many gets a line. */
const SPARSE = 12;

/**
 * Writes one line every `intervalMs` while a check is running, and later one line every twelve
 * intervals.
 */
export function createProgressTimer(
  intervalMs: number,
  write: (line: string) => void,
): ProgressTimer {
  let timer: NodeJS.Timeout | undefined;
  const end = (): void => clearInterval(timer);
  return {
    begin(name) {
      end();
      let ticks = 0;
      timer = setInterval(() => {
        ticks += 1;
        if (ticks > SPARSE && ticks % SPARSE !== 0) return;
        const seconds = Math.round((ticks * intervalMs) / 1000);
        write(`...      ${name}: running for ${seconds} s`);
      }, intervalMs);
    },
    end,
  };
}
