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
  /** One Host, one Authorization, a sane target; also: not shutting down. */
  sane(exchange: Exchange): Failure | null;
  route(exchange: Exchange): Endpoint | null;
  /** Metadata and health: true when a page has taken the exchange over. */
  page(exchange: Exchange): boolean;
  origin(exchange: Exchange, endpoint: Endpoint): Failure | null;
  /** True when the exchange was a CORS preflight and is answered. */
  preflight(exchange: Exchange, endpoint: Endpoint): boolean;
  identify(exchange: Exchange, endpoint: Endpoint): Verdict<Credential>;
  verify(credential: Credential, endpoint: Endpoint): Verdict<Caller> | Promise<Verdict<Caller>>;
  audience(caller: Caller, endpoint: Endpoint): Failure | null;
  method(exchange: Exchange): Failure | null;
  read(exchange: Exchange, endpoint: Endpoint): Promise<Verdict<Message>>;
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

export function createGateway(stages: Stages, clock: Clock): (exchange: Exchange) => Promise<void> {
  async function prove(exchange: Exchange, endpoint: Endpoint, walk: Walk): Promise<Failure | null> {
    try {
      const credential = stages.identify(exchange, endpoint);
      if (!credential.ok) return credential;
      const judged = stages.verify(credential.value, endpoint);
      const caller = judged instanceof Promise ? await judged : judged;
      if (!caller.ok) return caller;
      walk.caller = caller.value;
      return stages.audience(caller.value, endpoint);
    } catch (cause) {
      return verifyFault({ cause });
    }
  }

  async function pass(exchange: Exchange, walk: Walk): Promise<Failure | Answered> {
    const insane = stages.sane(exchange);
    if (insane !== null) return insane;
    const endpoint = stages.route(exchange);
    if (endpoint === null) return stages.page(exchange) ? 'page' : routeUnknown();
    walk.endpoint = endpoint;
    const foreign = stages.origin(exchange, endpoint);
    if (foreign !== null) return foreign;
    if (stages.preflight(exchange, endpoint)) return 'preflight';
    const unproven = await prove(exchange, endpoint, walk);
    if (unproven !== null) return unproven;
    const caller = walk.caller as Caller;
    const refusedMethod = stages.method(exchange);
    if (refusedMethod !== null) return refusedMethod;
    const message = await stages.read(exchange, endpoint);
    if (!message.ok) return message;
    walk.message = message.value;
    const short = stages.scope(caller, endpoint);
    if (short !== null) return short;
    return stages.forward(exchange, endpoint, caller, message.value);
  }

  return async function gateway(exchange) {
    const started = clock.monotonicMs();
    const walk: Walk = { endpoint: null, caller: null, message: null };
    let end: Failure | Answered;
    try {
      end = await pass(exchange, walk);
    } catch (cause) {
      end = gatewayFault({ cause });
    }
    if (end === 'page') return;
    const failure = end === 'preflight' ? null : end;
    if (failure !== null && failure.row.status !== null) stages.refuse(exchange, walk.endpoint, failure, walk.message);
    const milliseconds = clock.monotonicMs() - started;
    stages.tell({ exchange, ...walk, failure, status: exchange.sentStatus || 499, milliseconds });
  };
}
