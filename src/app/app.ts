// Decides how a plan becomes a running gateway: which room gets what from which. The only file that sees every room.
import { createHash, randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { checkAudience } from '../authorize/audience.js';
import { callValues } from '../authorize/explain-call.js';
import { createAllowed } from '../authorize/policy.js';
import { createFindListView } from '../authorize/visible-lists.js';
import type { ResolvedConfig, ResolvedIssuer } from '../config/resolved-config.js';
import type { Clock, Notify, Scheduler } from '../core/clock.js';
import type { Endpoint } from '../core/endpoint.js';
import type { Explanation, ExplanationWithStatus } from '../core/explanation.js';
import { type Message, requestId } from '../core/message.js';
import { type Secret, secret } from '../core/secret.js';
import { createGateway } from '../gateway.js';
import { origin, preflight } from '../http/cors.js';
import { errorStatus, sendError } from '../http/error-response.js';
import { createAdminServer } from '../http/routes/admin.js';
import { createPublicRoutes } from '../http/routes/public.js';
import { createListener, type Listener, type TellUnread } from '../http/server.js';
import { checkMethod } from '../mcp/http-method.js';
import { checkReadable, readMessage } from '../mcp/read-message.js';
import { createLog, type LogSink } from '../observe/log.js';
import { createMetrics } from '../observe/metrics.js';
import { createOpenStream } from '../proxy/event-stream.js';
import { createForward } from '../proxy/forward.js';
import { createPool } from '../proxy/pool.js';
import { createRoute } from '../proxy/route.js';
import { createSessions } from '../proxy/sessions.js';
import { createStreamTicker } from '../proxy/stream-ticker.js';
import { createAuthenticate } from '../verify/authenticate.js';
import { createIntrospection } from '../verify/authenticators/introspection.js';
import { readCredential } from '../verify/credential.js';
import { createExplain } from '../verify/explain.js';
import { fetchJson } from '../verify/fetch-json.js';
import { createKeySource } from '../verify/issuer/jwks.js';
import { createJwksLoader } from '../verify/issuer/jwks-loader.js';
import { createMetadataMirror, type MetadataMirror } from '../verify/issuer/metadata-mirror.js';
import type { IssuerRuntime } from '../verify/select-verifier.js';

export interface Gateway {
  /** Where it listens, once `listen` has resolved. */
  readonly address: AddressInfo;
  readonly adminAddress: AddressInfo;
  /** Refuses what is new, lets answers finish for `drainMs`, then closes everything. Resolves to the number of exchanges cut. */
  close(drainMs: number): Promise<number>;
}

export interface Dependencies {
  readonly clock: Clock;
  readonly random: () => number;
  /** Where log lines go. */
  readonly destination: LogSink;
}

/** Not ready for longer than this helps nobody: the issuers that answer can be served. */
const READY_AFTER_MS = 10_000;

function issuerParts(
  plan: ResolvedIssuer,
  { clock, random }: Pick<Dependencies, 'clock' | 'random'>,
  notify: Notify,
): IssuerRuntime {
  const { issuer, jwksUri, algorithms, jwks: policy } = plan;
  const { timeoutMs } = policy;
  const load = createJwksLoader({
    issuer,
    jwksUri,
    algorithms,
    timeoutMs,
    fetchJson,
    clock,
    notify,
  });
  const keys = createKeySource({ issuer, load, clock, notify, random, policy });
  const introspect =
    plan.introspection === null
      ? null
      : createIntrospection({ ...plan, ...plan.introspection }, fetchJson, clock, notify);
  return { policy: plan, keys, introspect, verify: plan.verify, tokenPrefixes: plan.tokenPrefixes };
}

const later: Scheduler = (ms, run) => {
  const timer = setTimeout(run, ms).unref();
  return () => clearTimeout(timer);
};

/** One for each issuer that clients of an endpoint are sent to first, by issuer. */
function metadataMirrors(
  plan: ResolvedConfig,
  { clock, random }: Dependencies,
  notify: Notify,
): Map<string, MetadataMirror> {
  const first = new Set(plan.endpoints.map(({ issuers }) => issuers[0]));
  const mirrored = plan.issuers.filter(
    ({ issuer, metadataMirror }) => metadataMirror.enabled && first.has(issuer),
  );
  const mirrorOf = ({ issuer, metadataMirror: { addS256 } }: ResolvedIssuer): MetadataMirror =>
    createMetadataMirror({ issuer, addS256, fetchJson, clock, later, notify, random });
  return new Map(mirrored.map((issuer) => [issuer.issuer, mirrorOf(issuer)]));
}

const acceptedBy = (
  { issuers }: Endpoint,
  all: ReadonlyMap<string, IssuerRuntime>,
): Map<string, IssuerRuntime> => new Map([...all].filter(([issuer]) => issuers.includes(issuer)));

/** The name of this deployment in Via: the same on every replica, another one elsewhere, and it tells nothing. */
const pseudonymOf = (publicUrl: string): string =>
  `portcullis-${createHash('sha256').update(publicUrl).digest('hex').slice(0, 12)}`;

/** Where no key is configured: one that lives as long as the process. */
const drawnKey = (): Secret => secret(randomBytes(32).toString('base64'));
const KEY_DRAWN =
  'no sessionKeys are configured: legacy sessions end with this process, and no other replica knows them; write sessionKeys';

/** Builds and starts a gateway. Rejects when an address cannot be listened on. */
export async function startGateway(
  plan: ResolvedConfig,
  surroundings: Dependencies,
): Promise<Gateway> {
  const { clock } = surroundings;
  const { endpoints } = plan;
  const log = createLog(plan.logLevel, surroundings.destination, clock);
  const metrics = createMetrics();
  const issuers = new Map(
    plan.issuers.map((issuer) => [issuer.issuer, issuerParts(issuer, surroundings, log.notify)]),
  );
  const verifiers = new Map(
    endpoints.map((e) => [
      e.path,
      createAuthenticate(e, acceptedBy(e, issuers), checkAudience, clock),
    ]),
  );
  // Where no JWT is verified here there may be no keys either.
  const keySources = [...issuers.values()]
    .filter(({ verify }) => verify !== 'introspection')
    .map(({ keys }) => keys);
  const streams = createStreamTicker(clock);
  const ways = new Map(
    endpoints.map((e) => [
      e.path,
      { pool: createPool(e.upstream), openStream: createOpenStream(e, streams, clock) },
    ]),
  );

  const mirrors = metadataMirrors(plan, surroundings, log.notify);
  const openSession = createSessions(
    plan.sessionKeys.length > 0 ? plan.sessionKeys : [drawnKey()],
    clock,
  );

  const started = clock.monotonicMs();
  let listening = false;
  const health = {
    ready: () =>
      listening &&
      (keySources.every((keys) => keys.tried()) || clock.monotonicMs() - started >= READY_AFTER_MS),
  };

  const allowed = createAllowed(endpoints);
  const gateway = createGateway(
    {
      validate: (exchange) => listener.validateRequest(exchange),
      draining: () => listener.draining(),
      route: createRoute(endpoints),
      page: createPublicRoutes(endpoints, health, (issuer) => mirrors.get(issuer)?.body() ?? null),
      origin,
      preflight,
      readCredential,
      authenticate: (credential, endpoint) => {
        const verify = verifiers.get(endpoint.path);
        if (verify === undefined) throw new Error('no verifier for this endpoint');
        return verify(credential);
      },
      audience: checkAudience,
      method: checkMethod,
      readable: checkReadable,
      read: readMessage,
      allowed: allowed.check,
      forward: createForward(
        ways,
        pseudonymOf(plan.publicUrl),
        createFindListView(allowed.mayUse),
        openSession,
      ),
      sendError,
      record: (outcome) => {
        metrics.outcome(outcome);
        log.outcome(outcome);
      },
    },
    clock,
  );
  const tellUnread: TellUnread = (failure, clientAddress) => {
    metrics.unread(failure);
    log.unread(failure, clientAddress);
  };
  const listener: Listener = createListener(
    gateway,
    tellUnread,
    plan.limits.clientStallTimeoutSeconds * 1000,
  );
  const admin = createAdminServer({ hosts: plan.admin.hosts, health, metrics });

  const adminAddress = await new Promise<AddressInfo>((resolve, reject) => {
    admin.once('error', reject);
    admin.listen(plan.admin.port, plan.admin.host, () => resolve(admin.address() as AddressInfo));
  });
  const address = await listener
    .listen(plan.listen.host, plan.listen.port)
    .catch((error: unknown) => {
      admin.close();
      throw error;
    });
  for (const keys of keySources) keys.warm();
  for (const mirror of mirrors.values()) mirror.start();
  listening = true;
  log.notify({
    event: 'gateway.listening',
    level: 'info',
    address,
    admin: adminAddress,
    endpoints: endpoints.map((e) => e.resource),
  });
  if (plan.sessionKeys.length === 0)
    log.notify({ event: 'session.key_drawn', level: 'warn', detail: KEY_DRAWN });

  return {
    address,
    adminAddress,
    async close(drainMs) {
      listening = false;
      for (const mirror of mirrors.values()) mirror.stop();
      const drained = listener.drain(drainMs);
      // Once it drains, so that their connections end with them: their clients are to connect elsewhere now, not at the deadline.
      streams.retire();
      const cut = await drained;
      await Promise.all([...ways.values()].map(({ pool }) => pool.close()));
      await new Promise<void>((resolve) => {
        admin.close(() => resolve());
        admin.closeAllConnections();
      });
      log.notify({ event: 'gateway.stopped', level: 'info', cut });
      return cut;
    },
  };
}

/** Every call needs at least what this one needs. */
const LIST: Message = {
  era: 'modern',
  calls: [{ method: 'tools/list', name: null, idText: '1' }],
  body: null,
};

/**
 * Judges bearer tokens for one endpoint by the very steps of the gateway, without listening, and tells of each check what it says. Asks
 * nobody but the issuer.
 */
export function createExamine(
  plan: ResolvedConfig,
  endpoint: Endpoint,
  surroundings: Pick<Dependencies, 'clock' | 'random'>,
  notify: Notify,
): (token: string, tool: string | null) => Promise<ExplanationWithStatus> {
  const issuers = new Map(
    plan.issuers.map((issuer) => [issuer.issuer, issuerParts(issuer, surroundings, notify)]),
  );
  const accepted = acceptedBy(endpoint, issuers);
  const { clock } = surroundings;
  const explain = createExplain(
    endpoint,
    accepted,
    createAuthenticate(endpoint, accepted, checkAudience, clock),
    checkAudience,
    clock,
  );
  const allowed = createAllowed([endpoint]);
  return async (token, tool) => {
    const credential = readCredential(
      {
        method: 'POST',
        version: '1.1',
        target: endpoint.path,
        path: endpoint.path,
        names: ['authorization'],
        values: [`Bearer ${token}`],
      },
      endpoint,
    );
    const call: Message =
      tool === null
        ? LIST
        : { ...LIST, calls: [{ method: 'tools/call', name: tool, idText: '1' }] };
    const told = (examined: Explanation): ExplanationWithStatus => {
      const { failure } = examined;
      return {
        ...examined,
        status: failure === null ? null : errorStatus(endpoint, failure, requestId(call)),
      };
    };
    const step = { name: 'credential', observed: { scheme: 'Bearer' }, expected: {} };
    if (!credential.ok) {
      return told({
        steps: [{ ...step, state: 'fail', failure: credential, wouldPass: false }],
        failure: credential,
      });
    }
    const examined = await explain(token, [{ ...step, refuse: () => null }], (caller) => ({
      name: tool === null ? 'scope' : 'scope and policy of the call',
      ...(caller === null ? {} : { refuse: () => allowed.check(caller, endpoint, call) }),
      ...callValues(
        caller,
        endpoint,
        tool,
        tool === null ? null : allowed.needs(endpoint, 'tool', tool),
      ),
    }));
    return told(examined);
  };
}
