// The steps of the corridor that are the same for every endpoint. The other rooms implement them,
// and app/app.ts puts them together. ARCHITECTURE.md numbers the steps as the comments here do.
import type { Credential } from './credential.js';
import type { Endpoint } from './endpoint.js';
import type { EndpointRuntime } from './endpoint-runtime.js';
import type { Exchange } from './exchange.js';
import type { Failure } from './failure.js';
import type { Message } from './message.js';
import type { Caller } from './principal.js';
import type { RequestSummary } from './request-summary.js';
import type { Result } from './result.js';

/** Looks at a call before its first byte goes to the upstream. */
export interface CallObserver {
  /** `startedMs`: the time of the request head on the monotonic clock. */
  forwarding(
    exchange: Exchange,
    endpoint: Endpoint,
    caller: Caller,
    message: Message,
    startedMs: number,
  ): void;
  /** Why the gateway must not forward a call, because it cannot write its record; null: it may. */
  refusal(): Failure | null;
}

/** Null from a check means: go on. */
export interface Stages {
  /** Step 1: one Host, one body framing, a sane target. */
  validate(exchange: Exchange): Failure | null;
  /** Step 2. Two hosts may have the same path. */
  route(host: string, path: string): EndpointRuntime | null;
  /**
   * Step 2: metadata and health. Null: the path is not a page. A promise settles with null when the
   * page has been sent.
   */
  page(exchange: Exchange): Promise<Failure | null> | Failure | null;
  /** Step 2: the failure of a path that has neither an endpoint nor a page. */
  noRoute(host: string, path: string): Failure;
  /**
   * Step 2: rejects new calls on open connections while the gateway shuts down, and while it must
   * and cannot write audit records.
   */
  draining(): Failure | null;
  /** Step 3. */
  origin(exchange: Exchange, endpoint: Endpoint): Failure | null;
  /** Step 3: true where the exchange was a CORS preflight and is answered. */
  preflight(exchange: Exchange, endpoint: Endpoint): boolean;
  /** Step 4. */
  readCredential(exchange: Exchange, endpoint: Endpoint): Result<Credential>;
  /** Step 6: headers for a caller that passed, on whatever answer it gets later. */
  accepted(exchange: Exchange, caller: Caller): void;
  /** Step 7. */
  method(exchange: Exchange): Failure | null;
  /** Step 8: media type and coding, before the gateway asks for a byte of the body. */
  readable(exchange: Exchange): Failure | null;
  /** Step 8. `body` is null for GET and DELETE. */
  read(exchange: Exchange, body: Buffer | null): Result<Message>;
  /** The JSON-RPC id of a call that is rejected before step 8, if a short body has one. */
  callId(exchange: Exchange, listener: (idText: string | undefined) => void): void;
  /** Audit and traces look at step 12. Null: they are off. */
  readonly observer: CallObserver | null;
  /** Writes a failure to the caller. */
  sendError(
    exchange: Exchange,
    endpoint: Endpoint | null,
    failure: Failure,
    message: Message | null,
  ): void;
  /** Step 14. */
  record(summary: RequestSummary): void;
}
