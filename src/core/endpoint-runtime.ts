// What a request meets behind the route: one endpoint with everything that serves it. The rooms
// implement these interfaces, and app/runtime.ts puts them together.
import type { Credential } from './credential.js';
import type { Endpoint } from './endpoint.js';
import type { Exchange, ResponseListener } from './exchange.js';
import type { Failure } from './failure.js';
import type { Message } from './message.js';
import type { Caller } from './principal.js';
import type { Result } from './result.js';

/** A value that is there at once on the hot path, and later where a server has to be asked. */
export type MaybeLater<T> = T | Promise<T>;

/** Verifies credentials of one kind, and whether they are for the endpoint (steps 5 and 6). */
export interface Authenticator<C extends Credential = Credential> {
  authenticate(credential: C, endpoint: Endpoint): MaybeLater<Result<Caller>>;
}

/** The authenticator of each kind of credential. A rejected credential is never tried elsewhere. */
export type Authenticators = {
  readonly [Kind in Credential['kind']]: Authenticator<Extract<Credential, { kind: Kind }>>;
};

/** Decides whether a caller may send a message (step 9). */
export interface Authorizer {
  check(caller: Caller, message: Message): Failure | null;
}

/** The credential that the gateway presents to the upstream (step 11). */
export interface UpstreamCredential {
  /** Flat name, value pairs. */
  headers(caller: Caller): MaybeLater<Result<readonly string[]>>;
}

/** Forwards an allowed message and relays the answer (steps 12 and 13). */
export interface Transport {
  /**
   * Calls `listener` once, when the answer is over. A failure without a status happened after the
   * answer had begun.
   */
  forward(
    exchange: Exchange,
    caller: Caller,
    message: Message,
    credentialHeaders: readonly string[],
    listener: ResponseListener,
  ): void;
}

export interface EndpointRuntime {
  readonly config: Endpoint;
  readonly authenticators: Authenticators;
  readonly authorize: Authorizer;
  readonly credential: UpstreamCredential;
  readonly transport: Transport;
}
