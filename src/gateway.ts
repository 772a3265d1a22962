// Decides the order of the steps: the corridor. The first refusal is the answer, and nothing later runs. Never decides what a
// step decides.
import type { Credential } from './core/credential.js';
import type { Endpoint } from './core/endpoint.js';
import type { Exchange } from './core/exchange.js';
import { type Failure, gatewayFault, routeUnknown, verifyFault } from './core/failure.js';
import type { Message } from './core/message.js';
import type { Outcome } from './core/outcome.js';
import type { Clock } from './core/ports.js';
import type { Caller } from './core/principal.js';
import type { Verdict } from './core/verdict.js';

/** The rooms as the corridor sees them. A step that refuses returns a failure; null means: go on. */
export interface Stages {
  /** One Host, one body framing, a sane target. */
  sane(exchange: Exchange): Failure | null;
  route(exchange: Exchange): Endpoint | null;
  /** The refusal of new calls while shutting down; pages stay, so that a balancer can see it. */
  draining(): Failure | null;
  /** Metadata and health: settles when the page is served. Null where there is no such page. */
  page(exchange: Exchange): Promise<void> | Failure | null;
  origin(exchange: Exchange, endpoint: Endpoint): Failure | null;
  /** True when the exchange was a CORS preflight and is answered. */
  preflight(exchange: Exchange, endpoint: Endpoint): boolean;
  identify(exchange: Exchange, endpoint: Endpoint): Verdict<Credential>;
  verify(credential: Credential, endpoint: Endpoint): Verdict<Caller> | Promise<Verdict<Caller>>;
  audience(caller: Caller, endpoint: Endpoint): Failure | null;
  method(exchange: Exchange): Failure | null;
  /** Version and media type, before a byte of the body is asked for. */
  readable(exchange: Exchange): Failure | null;
  /** `body` is null for GET and DELETE. */
  read(exchange: Exchange, body: Buffer | null): Verdict<Message>;
  scope(caller: Caller, endpoint: Endpoint): Failure | null;
  /** Settles when the answer is over. A failure whose row has no status happened after the answer had begun. */
  forward(exchange: Exchange, endpoint: Endpoint, caller: Caller, message: Message): Promise<Failure | null>;
  refuse(exchange: Exchange, endpoint: Endpoint | null, failure: Failure, message: Message | null): void;
  tell(outcome: Outcome): void;
}

/** What is known so far; filled as the exchange walks down the corridor, read when it is told. */
interface Walk {
  endpoint: Endpoint | null;
  caller: Caller | null;
  message: Message | null;
}

type Answered = 'page' | 'preflight' | null;

export function createGateway(stages: Stages, clock: Clock): (exchange: Exchange) => void {
  function believe(caller: Verdict<Caller>, endpoint: Endpoint, walk: Walk): Failure | null {
    if (!caller.ok) return caller;
    walk.caller = caller.value;
    return stages.audience(caller.value, endpoint);
  }

  /** Steps 4 to 6. An exception is no verdict: 503, never 500 and never a pass. */
  function prove(exchange: Exchange, endpoint: Endpoint, walk: Walk): Failure | null | Promise<Failure | null> {
    try {
      const credential = stages.identify(exchange, endpoint);
      if (!credential.ok) return credential;
      const judged = stages.verify(credential.value, endpoint);
      // A cached verdict needs no promise; waiting for none would cost every request a turn of the queue.
      if (!(judged instanceof Promise)) return believe(judged, endpoint, walk);
      return judged.then((caller) => believe(caller, endpoint, walk)).catch((cause: unknown) => verifyFault({ cause }));
    } catch (cause) {
      return verifyFault({ cause });
    }
  }

  /** Steps 1 to 7: everything that is decided before a byte of the body is read. Null: go on. */
  function admit(exchange: Exchange, walk: Walk): Failure | Answered | Promise<Failure | Answered> {
    const insane = stages.sane(exchange);
    if (insane !== null) return insane;
    const endpoint = stages.route(exchange);
    if (endpoint === null) {
      const page = stages.page(exchange);
      // A page is the whole answer: nothing is carried behind it.
      return page instanceof Promise ? page.then(() => 'page') : (page ?? routeUnknown());
    }
    walk.endpoint = endpoint;
    const draining = stages.draining();
    if (draining !== null) return draining;
    const foreign = stages.origin(exchange, endpoint);
    if (foreign !== null) return foreign;
    if (stages.preflight(exchange, endpoint)) return 'preflight';
    const unproven = prove(exchange, endpoint, walk);
    if (unproven instanceof Promise) return unproven.then((failure) => failure ?? stages.method(exchange));
    return unproven ?? stages.method(exchange);
  }

  /** Step 13, and the refusal where there is one. */
  function conclude(exchange: Exchange, walk: Walk, end: Failure | Answered, started: number): void {
    const failure = typeof end === 'string' ? null : end;
    if (failure !== null && failure.row.status !== null) stages.refuse(exchange, walk.endpoint, failure, walk.message);
    const { endpoint, caller, message } = walk;
    const status = exchange.sentStatus || 499;
    stages.tell({
      exchange,
      page: end === 'page',
      endpoint,
      caller,
      message,
      failure,
      status,
      milliseconds: clock.monotonicMs() - started,
    });
  }

  /** Steps 8 to 12. */
  async function carry(exchange: Exchange, walk: Walk): Promise<Failure | null> {
    const endpoint = walk.endpoint as Endpoint;
    const caller = walk.caller as Caller;
    const unreadable = stages.readable(exchange);
    if (unreadable !== null) return unreadable;
    let body: Buffer | null = null;
    if (exchange.method === 'POST') {
      const read = await exchange.readBody(endpoint.bodyBytes);
      if (!read.ok) return read;
      body = read.value;
    }
    const message = stages.read(exchange, body);
    if (!message.ok) return message;
    walk.message = message.value;
    const short = stages.scope(caller, endpoint);
    if (short !== null) return short;
    return await stages.forward(exchange, endpoint, caller, message.value);
  }

  async function finish(
    exchange: Exchange,
    walk: Walk,
    admitted: null | Promise<Failure | Answered>,
    started: number,
  ): Promise<void> {
    let end: Failure | Answered;
    try {
      end = (admitted === null ? null : await admitted) ?? (await carry(exchange, walk));
    } catch (cause) {
      end = gatewayFault({ cause });
    }
    conclude(exchange, walk, end, started);
  }

  return function gateway(exchange) {
    const started = clock.monotonicMs();
    const walk: Walk = { endpoint: null, caller: null, message: null };
    let admitted: Failure | Answered | Promise<Failure | Answered>;
    try {
      admitted = admit(exchange, walk);
    } catch (cause) {
      admitted = gatewayFault({ cause });
    }
    if (admitted === null || admitted instanceof Promise) {
      void finish(exchange, walk, admitted, started).catch(() => exchange.destroy());
    } else conclude(exchange, walk, admitted, started);
  };
}
