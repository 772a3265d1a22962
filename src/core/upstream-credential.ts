// The types of the credential and the identity headers of an upstream, as configured.
import type { ClientAuthentication } from './client-authentication.js';
import type { Secret } from './secret.js';

/** A token endpoint (RFC 6749 section 3.2), and the gateway as its client. */
export interface TokenEndpoint {
  /** Null: `token_endpoint` of the metadata of the issuer. */
  readonly tokenUrl: string | null;
  readonly client: ClientAuthentication;
  /** Milliseconds for one request, and for the wait before it. */
  readonly timeoutMs: number;
  /** Requests in progress at once. */
  readonly maxConcurrentRequests: number;
}

/** The token that the gateway asks a token endpoint for. */
export interface RequestedToken {
  /** `audience` of RFC 8693 section 2.1, repeated. */
  readonly audience: readonly string[];
  /** `resource` of RFC 8707, repeated. */
  readonly resource: readonly string[];
  readonly scopes: readonly string[];
  /** Further parameters of the request. None of them is one that the gateway sets. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** A fixed header, from a secret of the operator. */
export interface StaticCredential {
  readonly kind: 'static';
  /** In lower case. */
  readonly header: string;
  readonly value: Secret;
}

/** A JWT about the caller, which the gateway signs. */
export interface IdentityCredential {
  readonly kind: 'identity';
  readonly audience: string;
}

/** The authorization server of the upstream, which accepts an ID-JAG of the caller's issuer. */
export interface IdJagServer extends TokenEndpoint {
  /** Its issuer identifier, which is the audience of the ID-JAG. */
  readonly issuer: string;
}

/** A token for the upstream, in exchange for the token of the caller. */
export interface ExchangeCredential extends TokenEndpoint, RequestedToken {
  readonly kind: 'exchange';
  /** The only issuer of the endpoint, whose token endpoint exchanges its tokens. */
  readonly issuer: string;
  /** RFC 8693, or the assertion form that Entra ID calls on-behalf-of (RFC 7523 section 2.1). */
  readonly grant: 'token-exchange' | 'on-behalf-of';
  /** Null: the token of the issuer itself goes to the upstream. */
  readonly idJag: IdJagServer | null;
}

/** A token of the gateway itself (RFC 6749 section 4.4), the same for every caller. */
export interface ClientCredentialsCredential extends TokenEndpoint, RequestedToken {
  readonly kind: 'client-credentials';
  readonly tokenUrl: string;
}

export type UpstreamCredentialConfig =
  | { readonly kind: 'none' }
  | StaticCredential
  | IdentityCredential
  | ExchangeCredential
  | ClientCredentialsCredential
  /** The caller's own token. */
  | { readonly kind: 'forward' };

/** The facts about a principal that a header can hold. */
export type HeaderFact = 'subject' | 'tenant' | 'client' | 'issuer' | 'scopes' | 'claim';

/** One header that the gateway sets at each call of a principal. */
export type UpstreamHeader =
  | {
      readonly kind: 'constant';
      /** In lower case. */
      readonly name: string;
      readonly value: Secret;
    }
  | {
      readonly kind: 'template';
      readonly name: string;
      /** Text before the value of the fact. */
      readonly before: string;
      readonly fact: HeaderFact;
      /** The name of the claim, taken literally; null for other facts. */
      readonly claim: string | null;
      /** True: a principal without the fact gets no such header. False: its call is rejected. */
      readonly isOptional: boolean;
      readonly after: string;
    };
