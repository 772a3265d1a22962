// The corridor: the steps of a request in their order. The first failure is the answer, and no
// later step runs. ARCHITECTURE.md numbers the steps as the comments here do.

import type { Clock } from './core/clock.js';
import type { Credential } from './core/credential.js';
import type { Authenticator, EndpointRuntime } from './core/endpoint-runtime.js';
import type { BodyListener, Exchange, ResponseListener } from './core/exchange.js';
import { type Failure, ofCall } from './core/failure.js';
import { gatewayFault, verifyFault } from './core/failures.js';
import type { MaybeLater } from './core/maybe-later.js';
import type { Message } from './core/message.js';
import type { Caller } from './core/principal.js';
import type { Wait } from './core/request-summary.js';
import { ok, type Result } from './core/result.js';
import type { Stages } from './core/stages.js';

/** A request that ended without a failure and without an upstream. */
type Served = 'page' | 'preflight';

const NO_BODY: Result<Buffer | null> = ok(null);
const NO_WAITS: readonly Wait[] = [];

/**
 * One request on its way down the corridor. It is a class whose methods are the places where the
 * request waits: a promise at each step would cost every request a lot (measured).
 */
class RequestRun implements BodyListener, ResponseListener {
  private readonly stages: Stages;
  private readonly clock: Clock;
  private readonly exchange: Exchange;
  private readonly startedMs: number;
  private endpoint: EndpointRuntime | null = null;
  /** The generation of `admission` under which the caller is accepted. */
  private generation = 0;
  private credential: Credential | null = null;
  private caller: Caller | null = null;
  private message: Message | null = null;
  private waits = NO_WAITS;
  private isOver = false;

  constructor(stages: Stages, clock: Clock, exchange: Exchange) {
    this.stages = stages;
    this.clock = clock;
    this.exchange = exchange;
    this.startedMs = clock.monotonicMs();
  }

  /** An exception in a step is a bug of the gateway. The caller gets 500. */
  start(): void {
    try {
      const admitted = this.admit();
      if (admitted instanceof Promise) {
        void admitted
          .then((end) => this.readBody(end))
          .catch((cause: unknown) => this.reject(gatewayFault({ cause })));
      } else this.readBody(admitted);
    } catch (cause) {
      this.reject(gatewayFault({ cause }));
    }
  }

  /** Steps 1 to 7: all decisions before the gateway reads a byte of the body. Null: go on. */
  private admit(): MaybeLater<Failure | Served | null> {
    const { stages, exchange } = this;
    // 1 connection
    const invalid = stages.validate(exchange);
    if (invalid !== null) return invalid;
    // 2 route
    const endpoint = stages.route(exchange.host, exchange.path);
    if (endpoint === null) {
      const page = stages.page(exchange);
      return page instanceof Promise
        ? page.then((failure) => failure ?? 'page')
        : (page ?? stages.noRoute(exchange.host, exchange.path));
    }
    this.endpoint = endpoint;
    this.generation = endpoint.admission.generation;
    const draining = stages.draining();
    if (draining !== null) return draining;
    // 3 origin
    const foreign = stages.origin(exchange, endpoint.config);
    if (foreign !== null) return foreign;
    if (stages.preflight(exchange, endpoint.config)) return 'preflight';
    const rejected = this.verify(endpoint);
    // 7 method
    if (rejected instanceof Promise)
      return rejected.then((failure) => failure ?? stages.method(exchange));
    return rejected ?? stages.method(exchange);
  }

  /** Steps 4 to 6. An exception proves nothing: the caller gets 503, never 500 and never a pass. */
  private verify(endpoint: EndpointRuntime): MaybeLater<Failure | null> {
    try {
      // 4 credential
      const credential = this.stages.readCredential(this.exchange, endpoint.config);
      if (!credential.ok) return credential;
      this.credential = credential.value;
      // 5 authenticate, 6 audience
      const authenticator: Authenticator = endpoint.authenticators[credential.value.kind];
      if (endpoint.guesses !== null) {
        const isKnown = () => authenticator.isKnown?.(credential.value) ?? true;
        const blocked = endpoint.guesses.blocked(this.exchange.clientAddress, isKnown);
        if (blocked !== null) return blocked;
      }
      const caller = authenticator.authenticate(credential.value, endpoint.config, this.exchange);
      // A cached result needs no promise: one would cost every request a turn of the queue.
      if (!(caller instanceof Promise)) return this.accept(caller);
      return this.waited('authenticate', caller)
        .then((result) => this.accept(result))
        .catch((cause: unknown) => verifyFault({ cause }));
    } catch (cause) {
      return verifyFault({ cause });
    }
  }

  /** Without an observer, nothing needs the times. */
  private waited<T>(step: Wait['step'], waitedFor: Promise<T>): Promise<T> {
    if (this.stages.observer === null) return waitedFor;
    const startedMs = this.clock.monotonicMs();
    return waitedFor.finally(() => {
      this.waits = [...this.waits, { step, startedMs, endedMs: this.clock.monotonicMs() }];
    });
  }

  private accept(caller: Result<Caller>): MaybeLater<Failure | null> {
    if (!caller.ok)
      return this.endpoint?.guesses?.failed(this.exchange.clientAddress, caller) ?? caller;
    this.caller = caller.value;
    this.stages.accepted(this.exchange, caller.value);
    return null;
  }

  private readBody(end: Failure | Served | null): void {
    const { stages, exchange } = this;
    // 8 read
    const last = end ?? stages.readable(exchange);
    if (typeof last === 'string') return this.conclude(last);
    if (last !== null) return this.reject(last);
    if (exchange.method === 'POST')
      return exchange.readBody((this.endpoint as EndpointRuntime).config.maxBodyBytes, this);
    // Some clients send no body as an empty chunked one.
    if (exchange.names.includes('transfer-encoding'))
      return exchange.readBody(0, {
        onBody: (read) => this.onBody(read.ok ? NO_BODY : read),
      });
    this.onBody(NO_BODY);
  }

  /** A rejection before step 8. The body cannot change it, but it gets the id of the call. */
  private reject(failure: Failure): void {
    if (this.endpoint === null) return this.conclude(failure);
    try {
      this.stages.callId(this.exchange, (idText) => this.conclude(ofCall(failure, idText)));
    } catch {
      this.conclude(failure);
    }
  }

  onBody(read: Result<Buffer | null>): void {
    const { stages, exchange } = this;
    const endpoint = this.endpoint as EndpointRuntime;
    const caller = this.caller as Caller;
    try {
      if (!read.ok) return this.reject(read);
      const message = stages.read(exchange, read.value);
      if (!message.ok) return this.conclude(message);
      this.message = message.value;
      // 9 policy
      const denied = endpoint.authorize.check(caller, message.value);
      if (denied !== null) return this.conclude(denied);
      // 10 limits
      const limited = endpoint.limiter?.take(caller, message.value, exchange.responseHeaders);
      if (!(limited instanceof Promise)) return this.present(limited ?? null);
      void this.waited('limits', limited)
        .then((failure) => this.present(failure))
        .catch((cause: unknown) => this.conclude(gatewayFault({ cause })));
    } catch (cause) {
      this.conclude(gatewayFault({ cause }));
    }
  }

  private present(limited: Failure | null): void {
    if (limited !== null) return this.conclude(limited);
    // 11 upstream credential
    const { credential } = this.endpoint as EndpointRuntime;
    const headers = credential.headers(this.caller as Caller, this.credential as Credential);
    if (!(headers instanceof Promise)) return this.forward(headers);
    void this.waited('upstream credential', headers)
      .then((result) => this.forward(result))
      .catch((cause: unknown) => this.conclude(gatewayFault({ cause })));
  }

  private forward(credentialHeaders: Result<readonly string[]>): void {
    if (!credentialHeaders.ok) return this.conclude(credentialHeaders);
    const { config, transport, admission } = this.endpoint as EndpointRuntime;
    const { exchange, message } = this;
    const caller = this.caller as Caller;
    // A slow body must not carry a removed key past the reload.
    if (this.generation !== admission.generation) {
      const rejected = admission.recheck(caller, exchange);
      if (rejected !== null) return this.conclude(rejected);
    }
    // 12 forward, 13 relay
    const { observer } = this.stages;
    if (observer !== null) {
      // A slow body must not carry a call past an audit that failed meanwhile.
      const refused = observer.refusal();
      if (refused !== null) return this.conclude(refused);
      observer.forwarding(exchange, config, caller, message as Message, this.startedMs);
    }
    transport.forward(exchange, caller, message as Message, credentialHeaders.value, this);
  }

  /** The upstream accepted the credential. Only a recheck needs it, and reads it from the head. */
  onStreamOpen(): void {
    this.credential = null;
  }

  onResponseEnd(end: Failure | null): void {
    if (end?.rejectsCredential === true)
      this.endpoint?.credential.rejected?.(this.caller as Caller, this.credential as Credential);
    this.conclude(end);
  }

  /** Runs once: a step that throws after the end changes nothing. */
  private conclude(end: Failure | Served | null): void {
    if (this.isOver) return;
    this.isOver = true;
    const { stages, exchange, caller, message, waits } = this;
    const endpoint = this.endpoint === null ? null : this.endpoint.config;
    const failure = typeof end === 'string' ? null : end;
    try {
      if (failure !== null && failure.definition.status !== null)
        stages.sendError(exchange, endpoint, failure, message);
      // 14 record
      const status = exchange.sentStatus || 499;
      const durationMs = this.clock.monotonicMs() - this.startedMs;
      const page = end === 'page';
      const all = { exchange, page, endpoint, caller, message, failure, status, durationMs, waits };
      stages.record(all);
    } catch {
      exchange.destroy();
    }
  }
}

export function createCorridor(stages: Stages, clock: Clock): (exchange: Exchange) => void {
  return (exchange) => new RequestRun(stages, clock, exchange).start();
}
