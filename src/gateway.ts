// Decides the order of the steps: the corridor. The first refusal is the answer, and nothing later runs. Never decides what a
// step decides.

import type { Clock } from './core/clock.js';
import type { Credential } from './core/credential.js';
import type { Endpoint } from './core/endpoint.js';
import type { AnswerListener, BodyListener, Exchange } from './core/exchange.js';
import type { Failure } from './core/failure.js';
import { gatewayFault, routeUnknown, verifyFault } from './core/failures.js';
import type { Message } from './core/message.js';
import type { Caller } from './core/principal.js';
import type { RequestSummary } from './core/request-summary.js';
import { ok, type Result } from './core/result.js';

/** The rooms as the corridor sees them. A step that refuses returns a failure; null means: go on. */
export interface Stages {
  /** One Host, one body framing, a sane target. */
  validate(exchange: Exchange): Failure | null;
  route(exchange: Exchange): Endpoint | null;
  /** The refusal of new calls on connections that are still open while shutting down; pages stay. */
  draining(): Failure | null;
  /** Metadata and health: settles when the page is served. Null where there is no such page. */
  page(exchange: Exchange): Promise<void> | Failure | null;
  origin(exchange: Exchange, endpoint: Endpoint): Failure | null;
  /** True when the exchange was a CORS preflight and is answered. */
  preflight(exchange: Exchange, endpoint: Endpoint): boolean;
  readCredential(exchange: Exchange, endpoint: Endpoint): Result<Credential>;
  authenticate(
    credential: Credential,
    endpoint: Endpoint,
  ): Result<Caller> | Promise<Result<Caller>>;
  audience(caller: Caller, endpoint: Endpoint): Failure | null;
  method(exchange: Exchange): Failure | null;
  /** Media type and coding, before a byte of the body is asked for. */
  readable(exchange: Exchange): Failure | null;
  /** `body` is null for GET and DELETE. */
  read(exchange: Exchange, body: Buffer | null): Result<Message>;
  /** What the call needs, and whether the caller has it. */
  allowed(caller: Caller, endpoint: Endpoint, message: Message): Failure | null;
  /** Tells `listener` once, when the answer is over. A failure whose row has no status happened after the answer had begun. */
  forward(
    exchange: Exchange,
    endpoint: Endpoint,
    caller: Caller,
    message: Message,
    listener: AnswerListener,
  ): void;
  sendError(
    exchange: Exchange,
    endpoint: Endpoint | null,
    failure: Failure,
    message: Message | null,
  ): void;
  record(outcome: RequestSummary): void;
}

type Answered = 'page' | 'preflight' | null;

const NO_BODY: Result<Buffer | null> = ok(null);

/** One exchange on its way down the corridor. A class whose methods are where it waits: a promise at each would cost every request dearly. */
class RequestRun implements BodyListener, AnswerListener {
  private readonly stages: Stages;
  private readonly clock: Clock;
  private readonly exchange: Exchange;
  private readonly started: number;
  private endpoint: Endpoint | null = null;
  private caller: Caller | null = null;
  private message: Message | null = null;
  private over = false;

  constructor(stages: Stages, clock: Clock, exchange: Exchange) {
    this.stages = stages;
    this.clock = clock;
    this.exchange = exchange;
    this.started = clock.monotonicMs();
  }

  /** What a step throws is a bug, and told as one. */
  start(): void {
    try {
      const admitted = this.admit();
      if (admitted instanceof Promise) {
        void admitted
          .then((end) => this.carry(end))
          .catch((cause: unknown) => this.conclude(gatewayFault({ cause })));
      } else this.carry(admitted);
    } catch (cause) {
      this.conclude(gatewayFault({ cause }));
    }
  }

  /** Steps 1 to 7: everything that is decided before a byte of the body is read. Null: go on. */
  private admit(): Failure | Answered | Promise<Failure | Answered> {
    const { stages, exchange } = this;
    const insane = stages.validate(exchange);
    if (insane !== null) return insane;
    const endpoint = stages.route(exchange);
    if (endpoint === null) {
      const page = stages.page(exchange);
      // A page is the whole answer: nothing is carried behind it.
      return page instanceof Promise ? page.then(() => 'page') : (page ?? routeUnknown());
    }
    this.endpoint = endpoint;
    const draining = stages.draining();
    if (draining !== null) return draining;
    const foreign = stages.origin(exchange, endpoint);
    if (foreign !== null) return foreign;
    if (stages.preflight(exchange, endpoint)) return 'preflight';
    const unproven = this.prove(endpoint);
    if (unproven instanceof Promise)
      return unproven.then((failure) => failure ?? stages.method(exchange));
    return unproven ?? stages.method(exchange);
  }

  /** Steps 4 to 6. An exception is no verdict: 503, never 500 and never a pass. */
  private prove(endpoint: Endpoint): Failure | null | Promise<Failure | null> {
    try {
      const credential = this.stages.readCredential(this.exchange, endpoint);
      if (!credential.ok) return credential;
      const judged = this.stages.authenticate(credential.value, endpoint);
      // A cached verdict needs no promise; waiting for none would cost every request a turn of the queue.
      if (!(judged instanceof Promise)) return this.believe(judged, endpoint);
      return judged
        .then((caller) => this.believe(caller, endpoint))
        .catch((cause: unknown) => verifyFault({ cause }));
    } catch (cause) {
      return verifyFault({ cause });
    }
  }

  private believe(caller: Result<Caller>, endpoint: Endpoint): Failure | null {
    if (!caller.ok) return caller;
    this.caller = caller.value;
    return this.stages.audience(caller.value, endpoint);
  }

  /** Step 8, where nothing ended the walk before. */
  private carry(end: Failure | Answered): void {
    const { stages, exchange } = this;
    const last = end ?? stages.readable(exchange);
    if (last !== null) return this.conclude(last);
    if (exchange.method === 'POST')
      exchange.readBody((this.endpoint as Endpoint).maxBodyBytes, this);
    else this.bodyRead(NO_BODY);
  }

  /** Steps 9 to 12. */
  bodyRead(read: Result<Buffer | null>): void {
    const { stages, exchange } = this;
    const endpoint = this.endpoint as Endpoint;
    const caller = this.caller as Caller;
    try {
      if (!read.ok) return this.conclude(read);
      const message = stages.read(exchange, read.value);
      if (!message.ok) return this.conclude(message);
      this.message = message.value;
      const short = stages.allowed(caller, endpoint, message.value);
      if (short !== null) return this.conclude(short);
      stages.forward(exchange, endpoint, caller, message.value, this);
    } catch (cause) {
      this.conclude(gatewayFault({ cause }));
    }
  }

  answered(end: Failure | null): void {
    this.conclude(end);
  }

  /** Step 13, and the refusal where there is one. Once: what throws after it is over has been told already. */
  private conclude(end: Failure | Answered): void {
    if (this.over) return;
    this.over = true;
    const { stages, exchange, endpoint, caller, message } = this;
    const failure = typeof end === 'string' ? null : end;
    try {
      if (failure !== null && failure.definition.status !== null)
        stages.sendError(exchange, endpoint, failure, message);
      const status = exchange.sentStatus || 499;
      const durationMs = this.clock.monotonicMs() - this.started;
      stages.record({
        exchange,
        page: end === 'page',
        endpoint,
        caller,
        message,
        failure,
        status,
        durationMs,
      });
    } catch {
      exchange.destroy();
    }
  }
}

export function createGateway(stages: Stages, clock: Clock): (exchange: Exchange) => void {
  return (exchange) => new RequestRun(stages, clock, exchange).start();
}
