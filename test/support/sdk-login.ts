// The login of the published SDKs without a browser: the store for their values, and the requests
// to the identity provider.
import type { OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js';
import { followAuthorization } from '../../src/commands/demo/scripted-login.js';
import { secretToken } from '../fixtures/ledger.js';

const REDIRECT = 'http://127.0.0.1:9/callback';

export type Kept = {
  client?: unknown;
  tokens?: { access_token: string; scope?: string };
  verifier?: string;
  code?: string;
  /** The parameters that came with the code. SDK 2.x expects the issuer there (RFC 9207). */
  callback?: URLSearchParams;
  discovered?: unknown;
  logins: number;
};

/** Logs in without a browser: the identity provider has one account and no login form. */
export function provider(kept: Kept): OAuthClientProvider {
  return {
    redirectUrl: REDIRECT,
    clientMetadata: {
      redirect_uris: [REDIRECT],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    },
    clientInformation: () => kept.client as never,
    saveClientInformation: (client) => void Object.assign(kept, { client }),
    tokens: () => kept.tokens as never,
    saveTokens: (tokens) => {
      secretToken(tokens.access_token);
      Object.assign(kept, { tokens });
    },
    saveCodeVerifier: (verifier) => void Object.assign(kept, { verifier }),
    codeVerifier: () => String(kept.verifier),
    redirectToAuthorization: async (url) => {
      kept.logins += 1;
      kept.callback = (await followAuthorization(url, REDIRECT)).searchParams;
      kept.code = kept.callback.get('code') ?? '';
    },
  };
}

/** SDK 2.x keeps its discovered metadata, so that the code goes to the server that issued it. */
export function bound(kept: Kept): OAuthClientProvider & object {
  return {
    ...provider(kept),
    saveDiscoveryState: (state: unknown) => void Object.assign(kept, { discovered: state }),
    discoveryState: () => kept.discovered as never,
  };
}
