// Decides when the doctor says that it still waits: while one check takes long. Never judges.

export interface Waiting {
  begin(name: string): void;
  end(): void;
}

/** Says every `everyMs` for how long this check has been waited for. */
export function createWaiting(everyMs: number, say: (line: string) => void): Waiting {
  let timer: NodeJS.Timeout | undefined;
  const end = (): void => clearInterval(timer);
  return {
    begin(name) {
      end();
      let ticks = 0;
      timer = setInterval(() => {
        ticks += 1;
        say(`...      ${name}: ${Math.round((ticks * everyMs) / 1000)} s`);
      }, everyMs);
    },
    end,
  };
}
