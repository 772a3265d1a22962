// Decides how a plan becomes a running gateway: which room gets what from which. The only file that sees every room.
import { createHash, randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { checkAudience } from './authorize/audience.js';
import { createFindListing } from './authorize/listing.js';
import { checkMethod } from './authorize/method.js';
import { createAllowed } from './authorize/policy.js';
import { checkReadable, readMessage } from './authorize/read.js';
import { toldOfCall } from './authorize/told-of-call.js';
import type { IssuerPlan, Plan } from './config/plan.js';
import type { Endpoint } from './core/endpoint.js';
import type { Examined, Explained } from './core/examined.js';
import { type Message, requestId } from './core/message.js';
import type { Clock, Later, Notify } from './core/ports.js';
import { type Secret, secret } from './core/secret.js';
import { createGateway } from './gateway.js';
import { createAdmin } from './http/admin.js';
import { origin, preflight } from './http/cors.js';
import { createPages } from './http/pages.js';
import { refusalStatus, refuse } from './http/refusal.js';
import { createListener, type Listener, type TellUnread } from './http/server.js';
import { identify } from './identify/identify.js';
import { createLog, type LogSink } from './observe/log.js';
import { createMetrics } from './observe/metrics.js';
import { createOpenStream } from './proxy/event-stream.js';
import { createForward } from './proxy/forward.js';
import { createPool } from './proxy/pool.js';
import { createRoute } from './proxy/route.js';
import { createSessions } from './proxy/session.js';
import { createStreamWatch } from './proxy/stream-watch.js';
import type { IssuerParts } from './verify/choose.js';
import { createExplain } from './verify/explain.js';
import { fetchJson } from './verify/fetch-json.js';
import { createIntrospection } from './verify/introspection.js';
import { createKeySource } from './verify/jwks.js';
import { createKeyLoader } from './verify/key-loader.js';
import { createMetadataMirror, type MetadataMirror } from './verify/metadata-mirror.js';
import { createVerify } from './verify/verify.js';

export interface Gateway {
  /** Where it listens, once `listen` has resolved. */
  readonly address: AddressInfo;
  readonly adminAddress: AddressInfo;
  /** Refuses what is new, lets answers finish for `drainMs`, then closes everything. Resolves to the number of exchanges cut. */
  close(drainMs: number): Promise<number>;
}

export interface Surroundings {
  readonly clock: Clock;
  readonly random: () => number;
  /** Where log lines go. */
  readonly destination: LogSink;
}

/** Not ready for longer than this helps nobody: the issuers that answer can be served. */
const READY_AFTER_MS = 10_000;

function issuerParts(
  plan: IssuerPlan,
  { clock, random }: Pick<Surroundings, 'clock' | 'random'>,
  notify: Notify,
): IssuerParts {
  const { issuer, jwksUri, algorithms, keys: policy } = plan;
  const { timeoutMs } = policy;
  const load = createKeyLoader({
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

const later: Later = (ms, run) => {
  const timer = setTimeout(run, ms).unref();
  return () => clearTimeout(timer);
};

/** One for each issuer that clients of an endpoint are sent to first, by issuer. */
function metadataMirrors(
  plan: Plan,
  { clock, random }: Surroundings,
  notify: Notify,
): Map<string, MetadataMirror> {
  const first = new Set(plan.endpoints.map(({ issuers }) => issuers[0]));
  const mirrored = plan.issuers.filter(({ issuer, mirror }) => mirror.enabled && first.has(issuer));
  const mirrorOf = ({ issuer, mirror: { addS256 } }: IssuerPlan): MetadataMirror =>
    createMetadataMirror({ issuer, addS256, fetchJson, clock, later, notify, random });
  return new Map(mirrored.map((issuer) => [issuer.issuer, mirrorOf(issuer)]));
}

const acceptedBy = (
  { issuers }: Endpoint,
  all: ReadonlyMap<string, IssuerParts>,
): Map<string, IssuerParts> => new Map([...all].filter(([issuer]) => issuers.includes(issuer)));

/** The name of this deployment in Via: the same on every replica, another one elsewhere, and it tells nothing. */
const pseudonymOf = (publicUrl: string): string =>
  `portcullis-${createHash('sha256').update(publicUrl).digest('hex').slice(0, 12)}`;

/** Where no key is configured: one that lives as long as the process. */
const drawnKey = (): Secret => secret(randomBytes(32).toString('base64'));
const KEY_DRAWN =
  'no sessionKeys are configured: legacy sessions end with this process, and no other replica knows them; write sessionKeys';

/** Builds and starts a gateway. Rejects when an address cannot be listened on. */
export async function startGateway(plan: Plan, surroundings: Surroundings): Promise<Gateway> {
  const { clock } = surroundings;
  const { endpoints } = plan;
  const log = createLog(plan.logLevel, surroundings.destination, clock);
  const metrics = createMetrics();
  const issuers = new Map(
    plan.issuers.map((issuer) => [issuer.issuer, issuerParts(issuer, surroundings, log.notify)]),
  );
  const verifiers = new Map(
    endpoints.map((e) => [e.path, createVerify(e, acceptedBy(e, issuers), checkAudience, clock)]),
  );
  // Where no JWT is verified here there may be no keys either.
  const keySources = [...issuers.values()]
    .filter(({ verify }) => verify !== 'introspection')
    .map(({ keys }) => keys);
  const streams = createStreamWatch(clock);
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
      sane: (exchange) => listener.sane(exchange),
      draining: () => listener.draining(),
      route: createRoute(endpoints),
      page: createPages(endpoints, health, (issuer) => mirrors.get(issuer)?.body() ?? null),
      origin,
      preflight,
      identify,
      verify: (credential, endpoint) => {
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
        createFindListing(allowed.mayUse),
        openSession,
      ),
      refuse,
      tell: (outcome) => {
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
    plan.limits.slowReaderSeconds * 1000,
  );
  const admin = createAdmin({ hosts: plan.admin.hosts, health, metrics });

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
  plan: Plan,
  endpoint: Endpoint,
  surroundings: Pick<Surroundings, 'clock' | 'random'>,
  notify: Notify,
): (token: string, tool: string | null) => Promise<Explained> {
  const issuers = new Map(
    plan.issuers.map((issuer) => [issuer.issuer, issuerParts(issuer, surroundings, notify)]),
  );
  const accepted = acceptedBy(endpoint, issuers);
  const { clock } = surroundings;
  const explain = createExplain(
    endpoint,
    accepted,
    createVerify(endpoint, accepted, checkAudience, clock),
    checkAudience,
    clock,
  );
  const allowed = createAllowed([endpoint]);
  return async (token, tool) => {
    const credential = identify(
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
    const told = (examined: Examined): Explained => {
      const { failure } = examined;
      return {
        ...examined,
        status: failure === null ? null : refusalStatus(endpoint, failure, requestId(call)),
      };
    };
    const step = { name: 'credential', has: { scheme: 'Bearer' }, wants: {} };
    if (!credential.ok) {
      return told({
        steps: [{ ...step, state: 'fail', failure: credential, wouldPass: false }],
        failure: credential,
      });
    }
    const examined = await explain(token, [{ ...step, refuse: () => null }], (caller) => ({
      name: tool === null ? 'scope' : 'scope and policy of the call',
      ...(caller === null ? {} : { refuse: () => allowed.check(caller, endpoint, call) }),
      ...toldOfCall(
        caller,
        endpoint,
        tool,
        tool === null ? null : allowed.needs(endpoint, 'tool', tool),
      ),
    }));
    return told(examined);
  };
}
