// The state of the primary and its workers as one, for `/status` and the page.
import type { GatewayStatus } from '../../core/status.js';
import { mergeStatus } from '../../observe/merge-status.js';
import { ANSWER_MS } from './messages.js';
import type { WorkerProcess } from './worker-process.js';

/** `own`: that of the primary, which knows reloads, API keys and whether the gateway is ready. */
export function createMergedStatus(
  own: () => Promise<GatewayStatus>,
  workers: () => readonly WorkerProcess[],
): () => Promise<GatewayStatus> {
  const ask = (worker: WorkerProcess): Promise<unknown> =>
    worker.ask({ what: 'status' }, ANSWER_MS).catch(() => null);
  return async () => {
    const [first, ...answers] = await Promise.all([own(), ...workers().map(ask)]);
    const states = answers.filter((answer) => answer !== null) as GatewayStatus[];
    const merged = mergeStatus([first as GatewayStatus, ...states]);
    return { ...merged, ready: (first as GatewayStatus).ready, processes: states.length };
  };
}
