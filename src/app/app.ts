// Runs a gateway: its two listeners, the active runtime, its log and metrics, and the drain.
import type { AddressInfo } from 'node:net';
import { sunsetNotices } from '../config/key-notices.js';
import type { ResolvedConfig } from '../config/resolved-config.js';
import { startNotices } from '../config/start-notices.js';
import type { Clock, Scheduler } from '../core/clock.js';
import type { Notice, Notify } from '../core/notice.js';
import { createGateway } from '../gateway.js';
import { answerPreflight, applyCors } from '../http/cors.js';
import { sendError } from '../http/error-response.js';
import { createAdminServer } from '../http/routes/admin.js';
import { createListener, type Listener, type RecordUnreadable } from '../http/server.js';
import { readCallId } from '../mcp/call-id.js';
import { checkMethod } from '../mcp/http-method.js';
import { checkReadable, readMessage } from '../mcp/read-message.js';
import { createLog, type LogSink } from '../observe/log.js';
import { createMetrics } from '../observe/metrics.js';
import { readCredential } from '../verify/credential.js';
import { buildRuntime, createSharedParts } from './runtime.js';

export interface Gateway {
  /** The address of the public listener. */
  readonly address: AddressInfo;
  readonly adminAddress: AddressInfo;
  /** Writes a line to the log. */
  readonly notify: Notify;
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
  /** Gets each notice before the log does. True: the operator has it in words already. */
  readonly announce?: (notice: Notice) => boolean;
}

/** The gateway is ready after this time at the latest: it can serve the issuers that answer. */
const READY_AFTER_MS = 10_000;

const KEY_DRAWN =
  'sessionKeys is not configured: sessions of older revisions end with this process, and no ' +
  'other replica can open them. Write sessionKeys; create keys with: openssl rand -base64 32';

export const systemScheduler: Scheduler = (ms, run) => {
  const timer = setTimeout(run, ms).unref();
  return () => clearTimeout(timer);
};

/** Starts a gateway. Rejects when it cannot listen on an address. */
export async function startGateway(
  config: ResolvedConfig,
  { clock, random, destination, version = 'unknown', announce }: Dependencies,
): Promise<Gateway> {
  const log = createLog(config.logLevel, destination, clock);
  const notify: Notify = (notice) => {
    if (announce?.(notice) !== true) log.notify(notice);
  };
  const metrics = createMetrics({
    version,
    requestsInFlight: () => listener.inFlight(),
    issuers: () => runtime.issuerStates(),
    endpoints: () => runtime.endpointStates(),
  });
  const startedMs = clock.monotonicMs();
  let listening = false;
  const readiness = {
    isReady: () =>
      listening && (runtime.keysTried() || clock.monotonicMs() - startedMs >= READY_AFTER_MS),
  };
  const shared = createSharedParts({ clock, schedule: systemScheduler, random, notify });
  const runtime = buildRuntime(config, readiness, shared);

  const gateway = createGateway(
    {
      validate: (exchange) => listener.validateRequest(exchange),
      draining: () => listener.draining(),
      route: (host, path) => runtime.route(host, path),
      page: (exchange) => runtime.page(exchange),
      noRoute: (path) => runtime.noRoute(path),
      origin: applyCors,
      preflight: answerPreflight,
      readCredential,
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
  const listener: Listener = createListener(gateway, recordUnreadable, stallMs);
  const admin = createAdminServer({ hosts: config.admin.hosts, readiness, metrics });

  const adminAddress = await new Promise<AddressInfo>((resolve, reject) => {
    admin.once('error', reject);
    admin.listen(config.admin.port, config.admin.host, () =>
      resolve(admin.address() as AddressInfo),
    );
  });
  const { host, port } = config.listen;
  const address = await listener.listen(host, port).catch((error: unknown) => {
    admin.close();
    throw error;
  });
  runtime.start();
  listening = true;
  notify({
    event: 'gateway.listening',
    level: 'info',
    address,
    admin: adminAddress,
    endpoints: config.endpoints.map(({ resource }) => resource),
  });
  for (const notice of startNotices(config)) notify(notice);
  for (const notice of sunsetNotices(config.apiKeys, clock.wallMs())) notify(notice);
  if (config.sessionKeys.length === 0)
    notify({ event: 'session.key_drawn', level: 'warn', detail: KEY_DRAWN });

  return {
    address,
    adminAddress,
    notify,
    async close(drainMs, delayMs = 0) {
      listening = false;
      notify({
        event: 'gateway.stopping',
        level: 'info',
        delaySeconds: delayMs / 1000,
        drainSeconds: drainMs / 1000,
      });
      // Listening streams stay open: their clients connect again at once, and proxies may still
      // send them here.
      if (delayMs > 0) await listener.announce(delayMs);
      runtime.stop();
      const drained = listener.drain(drainMs);
      // After the drain has begun, so that the connections of streams end with them. Their clients
      // connect to another replica now, and not at the deadline.
      shared.streams.shutDown();
      const cut = await drained;
      await Promise.all(shared.pools.all().map((pool) => pool.close()));
      await new Promise<void>((resolve) => {
        admin.close(() => resolve());
        admin.closeAllConnections();
      });
      notify({ event: 'gateway.stopped', level: 'info', cut });
      return cut;
    },
  };
}
