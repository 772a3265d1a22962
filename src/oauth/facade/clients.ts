// The clients of the facade: opens a client id or reads its document, and checks how a client
// authenticates. A sealed client id is never a URL, so no client is both.
import { timingSafeEqual } from 'node:crypto';
import type { RequestHead } from '../../core/exchange.js';
import { isAllowedRedirect, isRegisteredRedirect } from '../../core/redirect-uri.js';
import { type Refusal, refusal } from '../answers.js';
import { readClient } from '../client-authentication.js';
import {
  type ClientDocuments,
  type ClientFlaw,
  isDocumentUrl,
  looksLikeUrl,
} from './client-documents.js';
import { type ClientFacts, type ClientMethod, type FacadeTexts, hashOf } from './texts.js';

export interface Client {
  /** `hashOf` its client id. */
  readonly id: string;
  readonly facts: ClientFacts;
  /** Where its document is; null: it registered here. */
  readonly host: string | null;
}

/** A client whose authentication is good. */
export interface KnownClient {
  /** As that of `Client`. */
  readonly id: string;
}

export interface Clients {
  /** The client of a login. Fetches its document, if it has one. Never rejects. */
  find(clientId: string, clientAddress: string): Promise<Client | ClientFlaw>;
  /** The registered form of a redirect URI; null where the client may not use it. */
  registeredUri(client: Client, redirectUri: string): string | null;
  /** The secret of a client id. */
  secretOf(clientId: string): string;
  /**
   * The client of a request, once its authentication is good. Fetches nothing: codes and refresh
   * tokens are sealed to the client that had the login.
   */
  authenticate(head: RequestHead, form: ReadonlyMap<string, string>): KnownClient | Refusal;
}

const UNKNOWN = 'the client id is not one of this server';

const invalidClient = (detail: string): Refusal =>
  refusal('invalid_client', 'Client authentication failed', detail);

const isEqual = (one: string, other: string): boolean =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));

/**
 * `entries`: the allow-list at this moment, which also bounds clients from before. `documents`:
 * null where they cannot be fetched.
 */
export function createClients(
  { client: texts }: Pick<FacadeTexts, 'client'>,
  entries: readonly string[],
  documents: ClientDocuments | null,
): Clients {
  async function find(clientId: string, clientAddress: string): Promise<Client | ClientFlaw> {
    if (documents === null || !looksLikeUrl(clientId)) {
      const opened = texts.open(clientId);
      return opened.ok
        ? { id: hashOf(clientId), facts: opened.value, host: null }
        : { flaw: UNKNOWN, waitMs: 0 };
    }
    if (!isDocumentUrl(clientId))
      return { flaw: 'the client id is not a plain https URL with a path', waitMs: 0 };
    const facts = await documents.find(clientId, clientAddress);
    if ('flaw' in facts) return facts;
    return { id: hashOf(clientId), facts, host: new URL(clientId).host };
  }

  function methodOf(clientId: string): ClientMethod | null {
    if (documents !== null && isDocumentUrl(clientId)) return 'none';
    const opened = texts.open(clientId);
    return opened.ok ? opened.value.method : null;
  }

  const hasSecret = (id: string, secret: string): boolean =>
    isEqual(hashOf(texts.secretFor(id) ?? ''), hashOf(secret));

  function byId(clientId = ''): (KnownClient & { readonly method: ClientMethod }) | Refusal {
    const method = methodOf(clientId);
    return method === null ? invalidClient(UNKNOWN) : { id: hashOf(clientId), method };
  }

  return {
    find,
    registeredUri: ({ facts }, redirectUri) =>
      isAllowedRedirect(redirectUri, entries)
        ? (facts.redirectUris.find((uri) => isRegisteredRedirect(redirectUri, uri)) ?? null)
        : null,
    secretOf(clientId) {
      const secret = texts.secretFor(clientId);
      if (secret === null) throw new Error('not a client id of this server');
      return secret;
    },
    authenticate(head, form) {
      if (!head.names.includes('authorization') && !form.has('client_secret')) {
        if (form.has('client_assertion')) return invalidClient('an assertion');
        const client = byId(form.get('client_id'));
        if ('error' in client || client.method === 'none') return client;
        return invalidClient('no client secret');
      }
      const pairs = readClient(head, form);
      if ('error' in pairs) return pairs;
      // Client ids and secrets of this server have no characters that an encoding changes.
      const [pair] = pairs;
      const client = byId(pair?.id);
      if ('error' in client || pair === undefined) return client;
      if (client.method === 'none') return invalidClient('a secret of a client that has none');
      return hasSecret(pair.id, pair.secret) ? client : invalidClient('a wrong client secret');
    },
  };
}
