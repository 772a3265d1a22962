// A gateway of several processes, and which of its workers answered a call.
import { readdirSync, readFileSync } from 'node:fs';
import type { GatewayProcess } from '../fixtures/process.js';
import type { RawResponse } from '../fixtures/raw-client.js';
import { type Scene, type SceneOptions, startScene } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';

export type WorkersScene = Scene<GatewayProcess>;

/** Waits until all workers are ready. */
export async function startWorkersScene(options: SceneOptions = {}, workers = 2): Promise<WorkersScene> {
  const scene = await startScene({ process: true, ...options, root: { workers, ...options.root } });
  await untilReady(scene, workers);
  return scene;
}

export const untilReady = (scene: WorkersScene, workers = 2): Promise<unknown> =>
  until(
    'all workers are ready',
    async () => (await scene.gateway.metrics()).includes(`portcullis_workers{state="ready"} ${workers}\n`),
    30_000,
  );

/** Each process has a prefix of its own for the ids of its requests. */
export const workerOf = (response: RawResponse): string => (response.header('x-request-id') ?? '').replace(/-\d+$/, '');

const parentOf = (pid: string): number | undefined => {
  try {
    return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
};

/** The process ids of its workers that run. */
export const workerPids = (scene: WorkersScene): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === scene.gateway.pid)
    .map(Number);

export const isRunning = (pid: number): boolean => {
  try {
    // A dead process that its parent did not collect yet has the state Z.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

export const sampleOf = (metrics: string, series: string): number =>
  Number(
    metrics
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.slice(series.length + 1),
  );
