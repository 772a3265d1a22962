// Runs a gateway: its two listeners, the active runtime, its log and metrics, and the drain.
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ResolvedConfig } from '../config/resolved-config.js';
import type { ApiKey } from '../core/api-key.js';
import type { Notify } from '../core/notice.js';
import type { Secret } from '../core/secret.js';
import { inSlices } from '../core/slices.js';
import { createCorridor } from '../gateway.js';
import { answerPreflight, applyCors } from '../http/cors.js';
import { sendError } from '../http/error-response.js';
import type { Readiness } from '../http/routes/health.js';
import { createListener, type Listener } from '../http/server.js';
import { announceSunset } from '../http/sunset.js';
import type { PublicFetchParts } from '../idp/public-fetch.js';
import { readCallId } from '../mcp/call-id.js';
import { checkMethod } from '../mcp/http-method.js';
import { checkReadable, readMessage } from '../mcp/read-message.js';
import { readCredential } from '../verify/credential.js';
import { reportStart, reportStopped, reportStopping } from './lifetime-lines.js';
import { type Listeners, openListeners } from './listeners.js';
import { createNoticeLog, type LogDependencies } from './notice-log.js';
import { createObservers, type Observers } from './observers.js';
import { createReloads, type ReloadSource } from './reload.js';
import { buildRuntime, type Runtime, runtimeInSlices } from './runtime.js';
import { createSharedParts } from './shared-parts.js';
import { systemScheduler } from './system-scheduler.js';
import { createTelemetry } from './telemetry.js';

export interface Gateway {
  /** The address of the public listener. */
  readonly address: AddressInfo;
  readonly adminAddress: AddressInfo;
  /** Writes a line to the log. */
  readonly notify: Notify;
  /** The configuration that it runs with. */
  config(): ResolvedConfig;
  /** True while /readyz answers 200. */
  isReady(): boolean;
  /**
   * Reads the configuration and the API keys again. Resolves once the log has the outcome, to null
   * or to the text of the problems.
   */
  reload(source: ReloadSource): Promise<string | null>;
  /**
   * Serves on for `delayMs`, but is not ready. Then rejects new calls, lets answers finish for
   * `drainMs`, and closes everything. Resolves to the number of exchanges that it cut.
   */
  close(drainMs: number, delayMs?: number): Promise<number>;
}

export interface Dependencies extends LogDependencies {
  /** 0..1, for jitter. */
  readonly random: () => number;
  /** Requests to identity providers go through the proxy of the environment. */
  readonly usesProxy: boolean;
  /** The version of the package, for the metrics. */
  readonly version?: string;
  /** All API keys: those of the configuration, which are the default, and of its `apiKeysFile`. */
  readonly apiKeys?: readonly ApiKey[];
  /** In a worker. Its primary has the listeners, and logs the start, each reload and the end. */
  readonly primary?: Primary;
  /** For tests, which have no public addresses. */
  readonly publicFetch?: PublicFetchParts;
}

/** The primary of a worker, and the parts that the worker gets from it. */
export interface Primary {
  /** Seals sessions where the operator configured no key. */
  readonly sessionKey: Secret;
  /** Whether the whole gateway is ready. */
  readonly readiness: Readiness;
  /** Takes the listener, in order to hand connections to it. */
  connect(listener: Listener, observers: Pick<Observers, 'metrics' | 'status'>): Listeners;
}

/** A proxy notices closed connections before the end of streams, so it reuses none of them. */
const NOTICED_MS = 100;
/** The gateway is ready after this time at the latest: it can serve the issuers that answer. */
const READY_AFTER_MS = 10_000;

/** Starts a gateway. Rejects when it cannot listen on an address. */
export async function startGateway(
  config: ResolvedConfig,
  dependencies: Dependencies,
): Promise<Gateway> {
  const { clock, random, destination, version = 'unknown', usesProxy, primary } = dependencies;
  const { log, notify } = createNoticeLog(config.logLevel, dependencies);
  const report: Notify = primary === undefined ? notify : () => {};
  const parts = { clock, schedule: systemScheduler, notify };
  const telemetry = createTelemetry({ ...parts, version, destination });
  const { metrics, status, record, recordUnreadable } = createObservers({
    telemetry,
    version,
    clock,
    log,
    isReady: () => readiness.isReady(),
    requestsInFlight: () => listener.inFlight(),
    active: () => active,
    reloads: () => reloads.states(),
    configState: () => reloads.config(),
    apiKeys: () => shared.apiKeys,
  });
  const startedMs = clock.monotonicMs();
  let listening = false;
  let stopping = false;
  const isReady = (): boolean =>
    listening && (active.runtime.keysTried() || clock.monotonicMs() - startedMs >= READY_AFTER_MS);
  const readiness = primary?.readiness ?? { isReady };
  const shared = createSharedParts({
    ...parts,
    random,
    usesProxy,
    sessionKey: primary?.sessionKey,
    publicFetch: dependencies.publicFetch,
    countsInPrimary: primary !== undefined,
    canRecord: telemetry.canRecord,
  });
  const { apiKeys = config.apiKeys } = dependencies;
  shared.apiKeys.replace(apiKeys);
  let active: { readonly config: ResolvedConfig; readonly runtime: Runtime } = {
    config,
    runtime: buildRuntime(config, readiness, shared),
  };

  const gateway = createCorridor(
    {
      validate: (exchange) => listener.validateRequest(exchange),
      draining: () => listener.draining() ?? telemetry.watch?.refusal() ?? null,
      route: (host, path) => active.runtime.route(host, path),
      page: (exchange) => active.runtime.page(exchange),
      noRoute: (host, path) => active.runtime.noRoute(host, path),
      origin: applyCors,
      preflight: answerPreflight,
      readCredential,
      accepted: announceSunset,
      method: checkMethod,
      readable: checkReadable,
      read: readMessage,
      callId: readCallId,
      get observer() {
        return telemetry.watch;
      },
      sendError,
      record,
    },
    clock,
  );
  const stallMs = config.limits.clientStallTimeoutSeconds * 1000;
  const listener: Listener = createListener(
    gateway,
    recordUnreadable,
    stallMs,
    config.trustedProxies,
  );
  const hosts = (): readonly string[] => active.config.admin.hosts;

  /** The settings of parts that a swap does not build anew. */
  function applySettings(next: ResolvedConfig, before: ResolvedConfig): void {
    const { logLevel, limits, trustedProxies } = next;
    log.setLevel(logLevel);
    listener.trustProxies(trustedProxies);
    const { clientStallTimeoutSeconds } = limits;
    // A new timeout begins to count for each client.
    if (clientStallTimeoutSeconds !== before.limits.clientStallTimeoutSeconds)
      listener.setStallTimeout(clientStallTimeoutSeconds * 1000);
  }
  const reloads = createReloads({
    apiKeys: shared.apiKeys,
    notify: report,
    wallMs: clock.wallMs,
    active: () => active.config,
    prepare: telemetry.prepare,
    async build(next) {
      const runtime = await inSlices(runtimeInSlices(next, readiness, shared));
      await runtime.warm();
      return () => {
        applySettings(next, active.config);
        active = { config: next, runtime };
        runtime.activate();
        shared.streams.recheck();
      };
    },
    keysChanged() {
      shared.admissions.keysChanged();
      shared.streams.recheck();
    },
    isStopping: () => stopping,
  });

  const openDestinations = async (): Promise<void> => (await telemetry.prepare(config))();
  async function open(): Promise<Listeners> {
    if (primary !== undefined) {
      await openDestinations();
      return primary.connect(listener, { metrics, status });
    }
    const listen = async (host: string, port: number): Promise<AddressInfo> => {
      await openDestinations();
      return listener.listen(host, port);
    };
    return openListeners(config, listen, { hosts, readiness, metrics, status });
  }
  const listeners = await open().catch(async (error: unknown) => {
    await telemetry.close();
    throw error;
  });
  active.runtime.activate();
  listening = true;
  const { hash } = reloads.config();
  reportStart({ config, apiKeys, hash, ...listeners }, report, clock.wallMs());

  return {
    address: listeners.address,
    adminAddress: listeners.adminAddress,
    notify,
    config: () => active.config,
    isReady,
    reload: reloads.reload,
    async close(drainMs, delayMs = 0) {
      listening = false;
      stopping = true;
      reportStopping(report, drainMs, delayMs);
      // Listening streams stay open: their clients connect again at once, and proxies may still
      // send them here.
      if (delayMs > 0) await listener.announce(delayMs);
      active.runtime.stop();
      const drained = listener.drain(drainMs);
      if (delayMs > 0) await sleep(NOTICED_MS);
      // The clients of streams connect to another replica now, and not at the deadline.
      shared.streams.shutDown();
      const cut = await drained;
      shared.limits.close();
      await Promise.all(shared.pools.all().map((pool) => pool.close()));
      await listeners.closeAdmin();
      await telemetry.close();
      log.flush();
      reportStopped(report, cut);
      return cut;
    },
  };
}
