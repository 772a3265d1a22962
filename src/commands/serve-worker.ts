// Runs one worker of `serve` as a process, until its primary ends it.
import { runWorker } from '../app/workers/worker.js';
import { DRAIN_MS, isReadyBefore, surroundings } from '../launch/start.js';
import { surviveClosedOutputs } from './command-io.js';
import { openOutput } from './output.js';
import {
  keepRequestsYoung,
  letYoungSpaceGrow,
  optimizeParserLater,
  releaseStartMemory,
} from './start-memory.js';

/**
 * A terminal sends its signals to all processes of the group. The primary handles them for all: a
 * worker that did it too would drain twice.
 */
const OF_THE_PRIMARY = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;

export async function serveWorker(): Promise<void> {
  for (const signal of OF_THE_PRIMARY) process.on(signal, () => {});
  surviveClosedOutputs();
  optimizeParserLater();
  keepRequestsYoung();
  const output = openOutput();
  await runWorker({
    ...surroundings(),
    destination: output,
    drainMs: DRAIN_MS,
    async untilReady(gateway) {
      letYoungSpaceGrow();
      await isReadyBefore(() => false, gateway);
      releaseStartMemory();
    },
  });
  await output.close();
}
