// Runs a gateway: its two listeners, the active runtime, its log and metrics, and the drain.
import type { AddressInfo } from 'node:net';
import type { ResolvedConfig } from '../config/resolved-config.js';
import type { ApiKey } from '../core/api-key.js';
import type { Clock } from '../core/clock.js';
import type { Notice, Notify } from '../core/notice.js';
import type { Secret } from '../core/secret.js';
import { createCorridor } from '../gateway.js';
import { answerPreflight, applyCors } from '../http/cors.js';
import { sendError } from '../http/error-response.js';
import type { Readiness } from '../http/routes/health.js';
import { createListener, type Listener, type RecordUnreadable } from '../http/server.js';
import { announceSunset } from '../http/sunset.js';
import { readCallId } from '../mcp/call-id.js';
import { checkMethod } from '../mcp/http-method.js';
import { checkReadable, readMessage } from '../mcp/read-message.js';
import { createLog, type LogSink } from '../observe/log.js';
import { createMetrics, type Metrics } from '../observe/metrics.js';
import { readCredential } from '../verify/credential.js';
import { reportStart, reportStopped, reportStopping } from './lifetime-lines.js';
import { type Listeners, openListeners } from './listeners.js';
import { createReloads, type ReloadSource } from './reload.js';
import { buildRuntime, type Runtime } from './runtime.js';
import { systemScheduler } from './scheduler.js';
import { createSharedParts } from './shared-parts.js';

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

export interface Dependencies {
  readonly clock: Clock;
  /** 0..1, for jitter. */
  readonly random: () => number;
  /** Gets the lines of the log. */
  readonly destination: LogSink;
  /** The version of the package, for the metrics. */
  readonly version?: string;
  /** Words a notice about fields of a file for an operator who wrote something else. */
  readonly reword?: (notice: Notice) => Notice;
  /** Gets each notice before the log does. True: the operator has it in words already. */
  readonly announce?: (notice: Notice) => boolean;
  /** All API keys: those of the configuration, which are the default, and of its `apiKeysFile`. */
  readonly apiKeys?: readonly ApiKey[];
  /** In a worker. Its primary has the listeners, and logs the start, each reload and the end. */
  readonly primary?: Primary;
}

/** The primary of a worker, and the parts that the worker gets from it. */
export interface Primary {
  /** Seals sessions where the operator configured no key. */
  readonly sessionKey: Secret;
  /** Whether the whole gateway is ready. */
  readonly readiness: Readiness;
  /** Takes the listener, in order to hand connections to it. */
  connect(listener: Listener, metrics: Metrics): Listeners;
}

/** The gateway is ready after this time at the latest: it can serve the issuers that answer. */
const READY_AFTER_MS = 10_000;

/** Starts a gateway. Rejects when it cannot listen on an address. */
export async function startGateway(
  config: ResolvedConfig,
  dependencies: Dependencies,
): Promise<Gateway> {
  const { clock, random, destination, version = 'unknown', announce } = dependencies;
  const { reword = (notice) => notice, primary } = dependencies;
  const log = createLog(config.logLevel, destination, clock);
  const notify: Notify = (original) => {
    const notice = reword(original);
    if (announce?.(notice) !== true) log.notify(notice);
  };
  const report: Notify = primary === undefined ? notify : () => {};
  let hasKeys = false;
  const metrics = createMetrics({
    version,
    requestsInFlight: () => listener.inFlight(),
    issuers: () => active.runtime.issuerStates(),
    endpoints: () => active.runtime.endpointStates(),
    upstreams: () => active.runtime.upstreamStates(),
    reloads: () => reloads.states(),
    apiKeys() {
      const count = shared.apiKeys.count();
      // 0 where all keys are gone, so that an alert sees it.
      hasKeys ||= count > 0 || active.config.apiKeysFile !== null;
      return hasKeys ? count : null;
    },
    nextSunsetMs: () => shared.apiKeys.nextSunsetMs(clock.wallMs()),
    workers: () => null,
  });
  const startedMs = clock.monotonicMs();
  let listening = false;
  let stopping = false;
  const isReady = (): boolean =>
    listening && (active.runtime.keysTried() || clock.monotonicMs() - startedMs >= READY_AFTER_MS);
  const readiness = primary?.readiness ?? { isReady };
  const parts = { clock, schedule: systemScheduler, random, notify };
  const shared = createSharedParts(parts, primary?.sessionKey);
  const { apiKeys = config.apiKeys } = dependencies;
  shared.apiKeys.replace(apiKeys);
  let active: { readonly config: ResolvedConfig; readonly runtime: Runtime } = {
    config,
    runtime: buildRuntime(config, readiness, shared),
  };

  const gateway = createCorridor(
    {
      validate: (exchange) => listener.validateRequest(exchange),
      draining: () => listener.draining(),
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
      sendError,
      record(summary) {
        metrics.request(summary);
        log.request(summary);
      },
    },
    clock,
  );
  const recordUnreadable: RecordUnreadable = (failure, clientAddress) => {
    metrics.unreadable(failure);
    log.unreadable(failure, clientAddress);
  };
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
    build(next) {
      const runtime = buildRuntime(next, readiness, shared);
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

  const listeners =
    primary?.connect(listener, metrics) ??
    (await openListeners(config, listener.listen, { hosts, readiness, metrics }));
  active.runtime.activate();
  listening = true;
  reportStart(config, apiKeys, listeners, report, clock.wallMs());

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
      // After the drain has begun, so that the connections of streams end with them. Their clients
      // connect to another replica now, and not at the deadline.
      shared.streams.shutDown();
      const cut = await drained;
      await Promise.all(shared.pools.all().map((pool) => pool.close()));
      await listeners.closeAdmin();
      log.flush();
      reportStopped(report, cut);
      return cut;
    },
  };
}
