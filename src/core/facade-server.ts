// The interface of a facade: the authorization server that the gateway is in front of an identity
// provider. The oauth room implements it, and the http room serves it and draws its pages.

import type { RequestHead } from './exchange.js';
import type { MaybeLater } from './maybe-later.js';
import type { OAuthAnswer } from './oauth-server.js';

/** A page for a person. */
export type FacadePage =
  | {
      readonly kind: 'consent';
      /** As the client wrote it. Null: it gave no name. */
      readonly clientName: string | null;
      /** The host whose document describes the client. Null: it registered itself. */
      readonly clientHost: string | null;
      /** Where the login ends: a host, or the scheme of an app. */
      readonly place: string;
      /** True: the place is an app on the computer of the person. */
      readonly isLocal: boolean;
      readonly resource: string;
      readonly scopes: readonly string[];
      /** The URL that the form posts to, and the sealed request in it. */
      readonly action: string;
      readonly asked: string;
    }
  | { readonly kind: 'error'; readonly title: string; readonly text: string };

export interface FacadeAnswer extends Omit<OAuthAnswer, 'body'> {
  readonly body: Buffer | FacadePage;
}

export interface FacadeRoute {
  /** The only method. */
  readonly method: 'GET' | 'POST';
  /** True: a web page of any origin may call it. */
  readonly isForScripts: boolean;
  /** Never throws and never rejects. `body`: empty for GET. */
  answer(head: RequestHead, body: Buffer, clientAddress: string): MaybeLater<FacadeAnswer>;
}

export interface FacadeServer {
  /** Exactly as published (RFC 8414 section 2). */
  readonly issuer: string;
  /** The identity provider behind it. */
  readonly behind: string;
  /** The metadata document (RFC 8414 section 3.2) as JSON. */
  readonly metadata: Buffer;
  /** Bytes of a request. The http room rejects a longer body with 413. */
  readonly maxBodyBytes: number;
  /** By their paths on the public listener. */
  readonly routes: ReadonlyMap<string, FacadeRoute>;
}
