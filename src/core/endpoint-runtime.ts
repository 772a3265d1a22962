// The endpoint runtime: one endpoint with everything that serves its requests. The other rooms
// implement these interfaces, and app/runtime.ts puts them together.
import type { Credential } from './credential.js';
import type { Endpoint } from './endpoint.js';
import type { Exchange, RequestHead, ResponseListener } from './exchange.js';
import type { Failure } from './failure.js';
import type { MaybeLater } from './maybe-later.js';
import type { Message } from './message.js';
import type { Caller, Principal } from './principal.js';
import type { Result } from './result.js';

/** Verifies credentials of one kind, and that they are for the endpoint (steps 5 and 6). */
export interface Authenticator<C extends Credential = Credential> {
  /** `client`: who waits, where work for new tokens has to wait. By default one unnamed client. */
  authenticate(
    credential: C,
    endpoint: Endpoint,
    client?: Pick<Exchange, 'clientAddress'>,
  ): MaybeLater<Result<Caller>>;
  /**
   * False: the gateway has not proven this credential lately, so to authenticate it takes work.
   * Absent: no credential of this kind takes work.
   */
  isKnown?(credential: C): boolean;
}

/** One authenticator for each kind of credential. No other one sees a rejected credential. */
export type Authenticators = {
  readonly [Kind in Credential['kind']]: Authenticator<Extract<Credential, { kind: Kind }>>;
};

/** Decides whether a caller may send a message (step 9). */
export interface Authorizer {
  check(caller: Caller, message: Message): Failure | null;
}

/** Counts calls against the limits of an endpoint (step 10). */
export interface Limiter {
  /**
   * Counts the calls of a message. Null: they may pass. Adds the `RateLimit-*` headers of the
   * answer to `responseHeaders`: names and values in turn.
   */
  take(caller: Caller, message: Message, responseHeaders: string[]): MaybeLater<Failure | null>;
}

/** Counts credentials that prove nothing, by client address (step 5). */
export interface GuessLimit {
  /**
   * The failure where the address is over the limit, and its credential is unknown. Null: the
   * gateway authenticates it.
   */
  blocked(clientAddress: string, isKnown: () => boolean): Failure | null;
  /** Counts the failure of a credential. Returns the failure for the caller. */
  failed(clientAddress: string, failure: Failure): MaybeLater<Failure>;
}

/** A credential of one kind for calls of principals (step 11). */
export interface PrincipalCredential {
  /** Names and values in turn. `presented`: the credential that the principal proved. */
  headers(principal: Principal, presented: Credential): MaybeLater<Result<readonly string[]>>;
  /** The upstream answered 401 to these headers. So a cached token is useless. */
  rejected?(principal: Principal, presented: Credential): void;
}

/** The credential and the identity headers that the gateway presents to the upstream (step 11). */
export interface UpstreamCredential {
  /** Names and values in turn. */
  headers(caller: Caller, presented: Credential): MaybeLater<Result<readonly string[]>>;
  /** See `PrincipalCredential`. */
  rejected?(caller: Caller, presented: Credential): void;
}

/** Forwards an allowed message and relays the response (steps 12 and 13). */
export interface Transport {
  /**
   * Calls `listener` once, when the response has ended. A failure without a status happened after
   * the response had begun.
   */
  forward(
    exchange: Exchange,
    caller: Caller,
    message: Message,
    credentialHeaders: readonly string[],
    listener: ResponseListener,
  ): void;
}

/** Whether a caller that the gateway accepted before a reload is still accepted after it. */
export interface Admission {
  /** Another number after each reload of the configuration or of the keys. */
  readonly generation: number;
  /**
   * Why the gateway would reject this caller now, from facts in memory only; null: it would not.
   * The token was verified before, so this does not verify it again.
   */
  recheck(caller: Caller, head: RequestHead): Failure | null;
}

export interface EndpointRuntime {
  readonly config: Endpoint;
  readonly admission: Admission;
  readonly authenticators: Authenticators;
  /** Null: the operator limits no failed credentials. */
  readonly guesses: GuessLimit | null;
  readonly authorize: Authorizer;
  /** Null: the endpoint has no limits. */
  readonly limiter: Limiter | null;
  readonly credential: UpstreamCredential;
  readonly transport: Transport;
}
