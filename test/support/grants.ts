// A bridge with keys of its ring, two API keys, and token requests in the form of real clients.
import { createHash, generateKeyPairSync } from 'node:crypto';
import { decodeJwt } from 'jose';
import type { ApiKey } from '../../src/core/api-key.js';
import type { Notice } from '../../src/core/notice.js';
import type { OAuthAnswer } from '../../src/core/oauth-server.js';
import { type Secret, secret } from '../../src/core/secret.js';
import { type Bridge, type BridgeParts, createBridge } from '../../src/oauth/bridge/bridge.js';
import { createApiKeyRegistry } from '../../src/verify/api-keys.js';
import { type TestClock, testClock } from './clock.js';
import { endpoint, apiKey as entryOf } from './endpoint.js';
import { head, type Lines, pairs } from './exchange.js';

export const BRIDGE = 'https://mcp.example.com/bridge';
export const FILES = 'https://mcp.example.com/files/mcp';
export const NOTES = 'https://mcp.example.com/notes/mcp';

/** A private key as the configuration has it. */
export function ringKey(curve: 'P-256' | 'Ed25519' = 'Ed25519'): Secret {
  const pair = curve === 'P-256' ? generateKeyPairSync('ec', { namedCurve: curve }) : generateKeyPairSync('ed25519');
  return secret(JSON.stringify(pair.privateKey.export({ format: 'jwk' })));
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The entry of the registry for a key that may read and write. */
export const apiKey = (presented: string, changes: Partial<ApiKey> = {}): ApiKey =>
  entryOf(presented, { scopes: ['files:read', 'files:write'], ...changes });

export const KEY_A = 'sk_live_Zm9yLXRlc3RzLW9ubHktMDEyMzQ1Njc4OWFiY2RlZg';
export const KEY_B = 'sk_live_YW5vdGhlci1rZXktZm9yLXRlc3RzLTk4NzY1NDMyMQ';

export const files = endpoint({ path: '/files/mcp', resource: FILES, audience: [FILES], issuers: [], isBridged: true });
export const notes = endpoint({
  path: '/notes/mcp',
  resource: NOTES,
  audience: [NOTES],
  issuers: [],
  isBridged: true,
  scopesSupported: ['files:read', 'notes:read'],
});

export interface BridgeScene {
  readonly bridge: Bridge;
  readonly clock: TestClock;
  readonly notices: Notice[];
  /** Replaces all keys, as a reload does. */
  replace(...keys: ApiKey[]): void;
}

export type SceneChanges = Partial<BridgeParts['bridge'] & Omit<BridgeParts, 'bridge'>>;

export function bridgeScene(changes: SceneChanges = {}): BridgeScene {
  const { issuer = BRIDGE, keys = [ringKey()], tokenSeconds = 3600, clientId = null, ...parts } = changes;
  const clock = testClock();
  const notices: Notice[] = [];
  const apiKeys = createApiKeyRegistry();
  const replace = (...all: ApiKey[]): void => void apiKeys.replace(all);
  replace(apiKey(KEY_A), apiKey(KEY_B, { name: 'partner-b', scopes: [], tenant: null, endpoints: ['/notes/mcp'] }));
  const bridge = createBridge({
    bridge: { issuer, keys, tokenSeconds, clientId },
    endpoints: [files, notes],
    apiKeys,
    clock,
    notify: (notice) => notices.push(notice),
    ...parts,
  });
  return { bridge, clock, notices, replace };
}

export const FORM: Lines[number] = ['Content-Type', 'application/x-www-form-urlencoded'];
export const basic = (id: string, key: string): Lines[number] => [
  'Authorization',
  `Basic ${Buffer.from(`${id}:${key}`).toString('base64')}`,
];

/** Parameters in the order sent, each as often as it is sent. */
export type Form = readonly (readonly [name: string, value: string])[];
export const CLIENT_CREDENTIALS: Form[number] = ['grant_type', 'client_credentials'];
export const posted = (id: string, key: string): Form => [CLIENT_CREDENTIALS, ['client_id', id], ['client_secret', key]];

export function encoded(form: Form | string): string {
  if (typeof form === 'string') return form;
  return new URLSearchParams(form.map(([name, value]): [string, string] => [name, value])).toString();
}

export interface Asked {
  readonly form?: Form | string;
  readonly lines?: Lines;
  readonly target?: string;
  readonly address?: string;
}

/** Requests a token of the first key, unless `asked` says otherwise. */
export async function ask({ bridge }: Pick<BridgeScene, 'bridge'>, asked: Asked = {}): Promise<OAuthAnswer> {
  const { form = posted('partner-a', KEY_A), lines = [FORM], target = bridge.paths.token, address = '192.0.2.7' } = asked;
  const body = encoded(form);
  return bridge.token(head({ method: 'POST', target, lines }), Buffer.from(body), address);
}

export const json = ({ body }: OAuthAnswer): Record<string, unknown> => JSON.parse(body.toString()) as Record<string, unknown>;
export const headersOf = ({ headers }: OAuthAnswer): Record<string, string> => pairs(headers);
/** The status, and the error code of a rejection. */
export const outcome = (answer: OAuthAnswer): [number, unknown] => [answer.status, json(answer).error];
export const claimsOf = (answer: OAuthAnswer): Record<string, unknown> => decodeJwt(String(json(answer).access_token));
