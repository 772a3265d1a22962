// The metrics of the primary and its workers as one text. Where a worker hangs or has ended, its
// last counts stay, so that no counter goes back.
import { countersOf, type MetricsPart, mergeMetrics } from '../../observe/merge-metrics.js';
import type { Metrics } from '../../observe/metrics.js';
import { ANSWER_MS } from './messages.js';
import type { WorkerProcess } from './worker-process.js';

const PRIMARY = '0';

export interface MergedMetrics extends Pick<Metrics, 'contentType' | 'text'> {
  /** Keeps the last counts of a worker that has ended. */
  gone(worker: WorkerProcess): void;
}

export function createMergedMetrics(
  own: Metrics,
  workers: () => readonly WorkerProcess[],
): MergedMetrics {
  const last = new WeakMap<WorkerProcess, string>();
  let ended = '';

  async function partOf(worker: WorkerProcess): Promise<MetricsPart> {
    const answer = await worker.ask({ what: 'metrics' }, ANSWER_MS).catch(() => null);
    if (typeof answer === 'string') last.set(worker, answer);
    return { worker: String(worker.number), text: String(answer ?? last.get(worker) ?? '') };
  }

  return {
    contentType: own.contentType,
    async text() {
      const asked = workers();
      const [primary, ...others] = await Promise.all([own.text(), ...asked.map(partOf)]);
      const parts = [
        { worker: PRIMARY, text: primary as string },
        // One that ended meanwhile is in `ended` now.
        ...(others as MetricsPart[]).filter((_part, i) =>
          workers().includes(asked[i] as WorkerProcess),
        ),
        { worker: PRIMARY, text: ended },
      ];
      return mergeMetrics(parts);
    },
    gone(worker) {
      const text = last.get(worker);
      if (text === undefined) return;
      const counters = countersOf(text);
      ended = mergeMetrics([
        { worker: PRIMARY, text: '' },
        { worker: PRIMARY, text: ended },
        { worker: PRIMARY, text: counters },
      ]);
    },
  };
}
