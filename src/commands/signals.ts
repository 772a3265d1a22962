// Handles the signals of the process: some begin the shutdown, one reloads the configuration, and
// some only write a line to the log. Without a listener, each of them would kill the process or open the debugger of Node.
import { closeSync, openSync } from 'node:fs';
import type { Notify } from '../core/notice.js';

/** Images of containers may send SIGQUIT, because nginx and other servers end gracefully at it. */
const STOPPING = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const;

/** Signals that operators send to other servers, each with the text for the log. */
const IGNORED = {
  SIGUSR1: 'the gateway does not open the debugger of Node; start it with node --inspect for that',
  SIGUSR2: 'this signal has no effect on the gateway',
} as const;

export interface Signals {
  /** Settles at the first signal to stop. A second one ends the process with exit code 1. */
  readonly stopped: Promise<void>;
  /** From now on a signal without effect is logged. */
  reportTo(notify: Notify): void;
  /** From now on the process can drain. Before, a signal to stop kills it. */
  accept(): void;
  /** From now on SIGHUP calls this. A SIGHUP that came before calls it once, now. */
  reloadWith(reload: () => void): void;
}

function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}

/** Installs the listeners. `onTerminal`: an input or output of the process is a terminal. */
export function handleSignals(onTerminal: boolean): Signals {
  let notify: Notify = () => {};
  let stop = (): void => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  let stops = 0;
  const onStop = (): void => {
    stops++;
    if (stops === 1) stop();
    else process.exit(1);
  };
  for (const [signal, detail] of Object.entries(IGNORED))
    process.on(signal, () =>
      notify({ event: 'gateway.signal_ignored', level: 'warn', signal, detail }),
    );
  let earlyReload = false;
  let reload = (): void => {
    earlyReload = true;
  };
  const onHangUp = (): void => {
    // The terminal in which the operator started the gateway has closed. Without a drain, because
    // Node cannot exit in order without its terminal (measured: it aborts, or hangs).
    if (onTerminal && !hasTerminal()) {
      process.off('SIGHUP', onHangUp);
      process.kill(process.pid, 'SIGHUP');
      return;
    }
    reload();
  };
  process.on('SIGHUP', onHangUp);
  return {
    stopped,
    reportTo(report) {
      notify = report;
    },
    accept() {
      for (const signal of STOPPING) process.on(signal, onStop);
    },
    reloadWith(run) {
      reload = run;
      if (earlyReload) run();
    },
  };
}
