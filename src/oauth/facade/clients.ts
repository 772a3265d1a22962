// The clients of the facade: opens a client id, and checks how a client authenticates.
import { timingSafeEqual } from 'node:crypto';
import type { RequestHead } from '../../core/exchange.js';
import { isAllowedRedirect, isRegisteredRedirect } from '../../core/redirect-uri.js';
import { type Refusal, refusal } from '../answers.js';
import { readClient } from '../client-authentication.js';
import { type ClientFacts, type FacadeTexts, hashOf } from './texts.js';

export interface Client {
  /** `hashOf` its client id. */
  readonly id: string;
  readonly facts: ClientFacts;
}

export interface Clients {
  /** Null: the client id is not one of this facade. */
  find(clientId: string): Client | null;
  /** The registered form of a redirect URI; null where the client may not use it. */
  registeredUri(client: Client, redirectUri: string): string | null;
  /** The secret of a client id. */
  secretOf(clientId: string): string;
  /** The client of a request, once its authentication is good. */
  authenticate(head: RequestHead, form: ReadonlyMap<string, string>): Client | Refusal;
}

const invalidClient = (detail: string): Refusal =>
  refusal('invalid_client', 'Client authentication failed', detail);

const isEqual = (one: string, other: string): boolean =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));

/** `entries`: the allow-list at this moment, which also bounds clients from before. */
export function createClients(
  { client: texts }: Pick<FacadeTexts, 'client'>,
  entries: readonly string[],
): Clients {
  function find(clientId: string): Client | null {
    const opened = texts.open(clientId);
    return opened.ok ? { id: hashOf(clientId), facts: opened.value } : null;
  }

  const hasSecret = (id: string, secret: string): boolean =>
    isEqual(hashOf(texts.secretFor(id) ?? ''), hashOf(secret));

  function byId(id: string | undefined): Client | Refusal {
    const client = id === undefined ? null : find(id);
    return client ?? invalidClient('the client id is not one of this server');
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
        if ('error' in client || client.facts.method === 'none') return client;
        return invalidClient('no client secret');
      }
      const pairs = readClient(head, form);
      if ('error' in pairs) return pairs;
      // Client ids and secrets of this server have no characters that an encoding changes.
      const [pair] = pairs;
      const client = byId(pair?.id);
      if ('error' in client || pair === undefined) return client;
      if (client.facts.method === 'none')
        return invalidClient('a secret of a client that has none');
      return hasSecret(pair.id, pair.secret) ? client : invalidClient('a wrong client secret');
    },
  };
}
