// A gateway for reloads: an endpoint that takes tokens of an issuer, API keys and a pass-through
// scheme, with callers of each kind and their streams.
import { createHash } from 'node:crypto';
import type { Gateway } from '../fixtures/gateway.js';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { type HeaderLine, legacy, modern } from '../fixtures/messages.js';
import { type RawConnection, type RawResponse, rawRequest } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { configuredText, startConfigured } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';
import { openStream } from './stream-calls.js';

type Fields = Record<string, unknown>;

export const KEY_A = 'ka_UmVsb2Fkc0VuZFRoZUtleUFuZEl0c1N0cmVhbXM';
export const KEY_B = 'kb_VGhlT3RoZXJLZXlHb2VzT25BbmRPblNvSXRTdGF5cw';
export const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex');

export const ENTRY_A = { sha256: hashOf(KEY_A), scopes: ['files:read'] };
export const ENTRY_B = { sha256: hashOf(KEY_B), scopes: ['files:read'], tenant: 'beta' };
export const keyHeader = (key: string): HeaderLine => ['X-Api-Key', key];

export interface ReloadScene {
  readonly issuer: JwksIssuer;
  readonly upstream: RawUpstream;
  readonly gateway: Gateway;
  /** The headers of a caller with a token of the issuer. */
  token(path?: string): HeaderLine;
  /** A configuration with these changes of the root and of the endpoint /mcp. */
  text(root?: Fields, endpoint?: Fields): string;
  reload(root?: Fields, endpoint?: Fields): Promise<void>;
  /** Opens a stream, and waits for its head and for `FIRST` of the upstream. */
  listen(line: HeaderLine, path?: string): Promise<RawConnection>;
  /** The status of a call. */
  call(line: HeaderLine, path?: string): Promise<RawResponse>;
  lines(event: string): Fields[];
  stop(): Promise<void>;
}

export async function startReloadScene(): Promise<ReloadScene> {
  const issuer = await startJwksIssuer();
  const upstream = await startRawUpstream(answers.rpc());
  const config = (root: Fields, endpoint: Fields): Fields => ({
    issuers: { main: { issuer: issuer.issuer }, other: { issuer: `${issuer.issuer}/other` } },
    apiKeys: { 'partner-a': ENTRY_A, 'partner-b': ENTRY_B },
    endpoints: [
      {
        path: '/mcp',
        issuers: ['main'],
        apiKeys: [{ header: 'X-Api-Key' }, { scheme: 'Token' }],
        passThrough: [{ scheme: 'Old', upstreamVerifies: true, scopes: ['files:read'] }],
        scopes: ['files:read'],
        upstream: { url: `${upstream.url}/up`, maxConcurrentRequests: 4 },
        ...endpoint,
      },
      {
        path: '/other',
        issuers: ['main', 'other'],
        apiKeys: [{ header: 'X-Api-Key' }],
        upstream: `${upstream.url}/up`,
      },
    ],
    ...root,
  });
  const text = (root: Fields = {}, endpoint: Fields = {}): string => configuredText(config(root, endpoint));
  const gateway = await startConfigured(config({}, {}));
  return {
    issuer,
    upstream,
    gateway,
    text,
    token: (path = '/mcp') => ['Authorization', `Bearer ${issuer.token({ audience: gateway.url + path })}`],
    reload: (root, endpoint) => gateway.reload(text(root, endpoint)),
    async listen(line, path = '/mcp') {
      const connection = await openStream(gateway.port, legacy('', { method: 'GET', path, headers: [line] }));
      await until('the first event', () => connection.received().includes('notifications/message'));
      return connection;
    },
    call: (line, path = '/mcp') => rawRequest(gateway.port, modern('tools/list', { path, headers: [line] })),
    lines: (event) => gateway.logs().filter((line) => line.event === event),
    async stop() {
      await gateway.stop();
      await Promise.all([issuer.stop(), upstream.stop()]);
    },
  };
}
