// Runs a gateway on several cores. The primary has the listeners, the reload and the drain, and its
// workers serve the connections. From outside it is a Gateway like one process.
import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { serveWorkers } from '../../authorize/limits/process-limiters.js';
import type { ResolvedConfig } from '../../config/resolved-config.js';
import type { ApiKey } from '../../core/api-key.js';
import type { Notify } from '../../core/notice.js';
import { secret } from '../../core/secret.js';
import { createDoorway } from '../../http/doorway.js';
import type { GatewayState } from '../../observe/gateway-state.js';
import { createMetrics, NOTHING } from '../../observe/metrics.js';
import { createApiKeyRegistry } from '../../verify/api-keys.js';
import type { Dependencies, Gateway } from '../app.js';
import { checkDestinations } from '../destinations.js';
import { apiKeyState } from '../gateway-state.js';
import { reportStart, reportStopped, reportStopping } from '../lifetime-lines.js';
import { openListeners } from '../listeners.js';
import { createNoticeLog } from '../notice-log.js';
import { createStatus } from '../status.js';
import { systemScheduler } from '../system-scheduler.js';
import { createHandOver } from './hand-over.js';
import { createMergedMetrics } from './merged-metrics.js';
import { createMergedStatus } from './merged-status.js';
import { pack } from './packed.js';
import { createRoster, type Roster } from './roster.js';
import { shareOf } from './share.js';
import { setUpWorkers, startWorkerProcess, type WorkerProcess } from './worker-process.js';
import { createWorkerReloads } from './worker-reloads.js';

export interface PrimaryGateway extends Gateway {
  /** Resolves to the reason where the workers cannot start. */
  readonly gaveUp: Promise<string>;
}

const ANNOUNCE_MS = 1_000;
/** After its drain, a worker writes its last lines and ends. */
const END_MS = 5_000;

/** From now on each answer of the worker is the last one on its connection. */
function announceTo(worker: WorkerProcess): void {
  worker.ask({ what: 'announce' }, ANNOUNCE_MS).catch(() => {});
}

/**
 * Starts a gateway with `count` workers, which run the script `file`. Rejects when it cannot listen
 * on an address.
 */
export async function startPrimary(
  config: ResolvedConfig,
  dependencies: Dependencies,
  { count, file }: { readonly count: number; readonly file: string },
): Promise<PrimaryGateway> {
  const { clock, destination, version = 'unknown', apiKeys = config.apiKeys } = dependencies;
  const { log, notify } = createNoticeLog(config.logLevel, dependencies);
  const registry = createApiKeyRegistry();
  registry.replace(apiKeys);
  const sessionKey = pack(secret(randomBytes(32).toString('base64')));
  let active = config;
  let stopping = false;
  let roster: Roster | null = null;
  const workers = (): WorkerProcess[] => roster?.workers() ?? [];

  const isReady = (): boolean =>
    !stopping &&
    roster?.wasComplete() === true &&
    workers().some((worker) => worker.isServing() && worker.state() === 'ready');
  const tellReadiness = (): void => {
    for (const worker of workers()) worker.tellReadiness(isReady());
  };

  const state: GatewayState = {
    ...NOTHING,
    version,
    reloads: () => reloads.states(),
    config: () => reloads.config(),
    ...apiKeyState(
      () => registry,
      () => active,
      clock,
    ),
    workers() {
      const ready = workers().filter((worker) => worker.state() === 'ready').length;
      const running = workers().length;
      return { ready, starting: running - ready, missing: count - running };
    },
  };
  const ownMetrics = createMetrics(state);
  const metrics = createMergedMetrics(ownMetrics, workers);
  const { counts } = ownMetrics;
  const status = createMergedStatus(
    createStatus({ clock, state, config: () => active, isReady, counts, refusals: () => [] }),
    workers,
  );
  /** The part of a state that a worker needs. */
  const settings = (next: ResolvedConfig, keys: Iterable<ApiKey>) => ({
    config: pack(shareOf(next, count)),
    apiKeys: pack([...keys]),
  });
  const reloads = createWorkerReloads({
    apiKeys: registry,
    notify,
    wallMs: clock.wallMs,
    active: () => active,
    activate(next) {
      active = next;
      log.setLevel(next.logLevel);
    },
    question: (next, keys) => ({ what: 'reload', ...settings(next, keys) }),
    workers,
    isStopping: () => stopping,
  });

  const handOver = createHandOver(workers, clock.monotonicMs);
  const doorway = createDoorway(handOver.accepted);
  const listen = async (host: string, port: number): Promise<AddressInfo> => {
    await checkDestinations(config);
    return doorway.listen(host, port);
  };
  const hosts = (): readonly string[] => active.admin.hosts;
  const served = { hosts, readiness: { isReady }, metrics, status };
  const listeners = await openListeners(config, listen, served);
  const { address, adminAddress } = listeners;
  const { hash } = reloads.config();
  reportStart({ config, apiKeys, hash, ...listeners }, notify, clock.wallMs());

  /** All workers have the same issuers: one of them says that their keys are loaded. */
  const notifyOf =
    (number: number): Notify =>
    (notice) => {
      const isQuiet = ['debug', 'info'].includes(notice.level);
      if (!isQuiet || workers()[0]?.number === number) notify({ ...notice, worker: number });
    };
  serveWorkers();
  setUpWorkers(file);
  roster = createRoster({
    count,
    start: (number) =>
      startWorkerProcess(number, {
        start: () => ({
          ...{ version, sessionKey, address, adminAddress },
          ...settings(active, registry.all()),
          isReady: isReady(),
        }),
        destination,
        notify: notifyOf(number),
        isReady(worker) {
          roster?.checkComplete();
          tellReadiness();
          if (stopping) announceTo(worker);
          handOver.taken(worker);
        },
        taken: handOver.taken,
      }),
    gone(worker) {
      metrics.gone(worker);
      handOver.gone(worker);
      tellReadiness();
    },
    notify,
    monotonicMs: clock.monotonicMs,
    schedule: systemScheduler,
  });
  // A second signal, or an error of the primary, ends all at once. A worker whose primary was
  // killed drains.
  const killAll = (): void => {
    for (const worker of workers()) worker.kill();
  };
  process.once('exit', killAll);

  /** Resolves to the number of exchanges that the drain of this worker cut. */
  async function drain(worker: WorkerProcess, drainMs: number): Promise<number> {
    // It has no connection.
    if (!worker.isServing()) worker.kill();
    const late = setTimeout(worker.kill, drainMs + END_MS);
    const cut = await worker.ask({ what: 'drain', drainMs }, drainMs + END_MS).catch(() => 0);
    await worker.exited;
    clearTimeout(late);
    return Number(cut);
  }

  return {
    address,
    adminAddress,
    notify,
    config: () => active,
    isReady,
    reload: reloads.reload,
    gaveUp: roster.gaveUp,
    async close(drainMs, delayMs = 0) {
      stopping = true;
      roster?.stop();
      tellReadiness();
      reportStopping(notify, drainMs, delayMs);
      if (delayMs > 0) {
        for (const worker of workers()) announceTo(worker);
        await sleep(delayMs);
      }
      await doorway.close(delayMs > 0);
      // A worker gets them before it gets the message to drain.
      handOver.handAll();
      const cuts = await Promise.all(workers().map((worker) => drain(worker, drainMs)));
      const cut = cuts.reduce((sum, one) => sum + one, 0);
      process.off('exit', killAll);
      await listeners.closeAdmin();
      reportStopped(notify, cut);
      return cut;
    },
  };
}
