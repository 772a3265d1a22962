// The interface of an OAuth authorization server that the gateway runs itself. The oauth room
// implements it, and the http room serves it.

import type { Audited } from './audited.js';
import type { RequestHead } from './exchange.js';
import type { Failure } from './failure.js';
import type { MaybeLater } from './maybe-later.js';

/** The paths of the bridge on the public listener. No endpoint can have one of them beside it. */
export const BRIDGE_PATHS = {
  token: '/oauth/token',
  authorize: '/oauth/authorize',
  jwks: '/oauth/jwks',
} as const;

/** A whole answer of an OAuth endpoint. */
export interface OAuthAnswer {
  readonly status: number;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: Buffer;
  /** For the log and the metrics only, so its row has no status. Null: the grant succeeded. */
  readonly failure: Failure | null;
  /** Whose key the client proved to have and for which resources, or what a facade did. */
  readonly audited?: Audited;
}

export interface OAuthServer {
  /** Exactly as published (RFC 8414 section 2). */
  readonly issuer: string;
  /** The metadata document (RFC 8414 section 3.2) as JSON. */
  readonly metadata: Buffer;
  /** The public keys (RFC 7517 section 5) as JSON. */
  readonly jwks: Buffer;
  readonly paths: {
    readonly token: string;
    readonly authorize: string;
    readonly jwks: string;
  };
  /** Bytes of a token request. The http room rejects a longer body with 413. */
  readonly maxBodyBytes: number;
  /** Answers a POST to the token endpoint. Never throws and never rejects. */
  token(head: RequestHead, body: Buffer, clientAddress: string): MaybeLater<OAuthAnswer>;
  /** Answers a request of the authorization endpoint, which serves no flow. */
  authorize(): OAuthAnswer;
}
