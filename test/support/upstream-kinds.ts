// A gateway with an endpoint for each kind of upstream credential, callers of each way to prove who
// they are, and a token endpoint that counts its answers.
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { granted, keyFrom, ringKey, sha256Of } from '../fixtures/bridged.js';
import { onwardToken, secret } from '../fixtures/ledger.js';
import type { HeaderLine } from '../fixtures/messages.js';
import { mintToken, rsaKey } from '../fixtures/mint.js';
import { type Answer, answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';

type Fields = Record<string, unknown>;

const textOf = (name: string): string => createHash('sha256').update(`upstream kinds: ${name}`).digest('base64url');

/** The secrets of the operator. None of them may be in a log, a metric or an answer. */
export const CONFIGURED = {
  STATIC_UPSTREAM: `Bearer ${textOf('static')}`,
  HEADER_UPSTREAM: textOf('header'),
  CONSTANT_UPSTREAM: textOf('constant'),
  SWAP_UPSTREAM: `Token ${textOf('swap')}`,
  EXCHANGE_SECRET: textOf('exchange secret'),
  MACHINE_SECRET: textOf('machine secret'),
  FILES_SECRET: textOf('files secret'),
  INTROSPECTION_SECRET: textOf('introspection secret'),
};

const SCOPES = ['files:read'];
const AUDIENCE = 'files-backend';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const RESOURCE = 'https://files.example.com/mcp';
const FILES_ISSUER = 'https://auth.files.example.com';
const ID_JAG = 'urn:ietf:params:oauth:token-type:id-jag';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

export interface TokenServer extends RawUpstream {
  /** `iss` of an ID-JAG. */
  issuer: string;
  /** Its usual answer. */
  readonly give: Answer;
  /** Every token that it gave. */
  readonly tokens: string[];
  /** The grant types of its requests, in order. */
  grants(): (string | null)[];
}

export const formOf = (body: Buffer): URLSearchParams => new URLSearchParams(body.toString());

/** A token endpoint that gives another token at each request. */
export async function startTokenServer(): Promise<TokenServer> {
  const key = rsaKey();
  const tokens: string[] = [];
  const give: Answer = async (exchange) => {
    if (!exchange.request.bodyComplete) await new Promise((resolve) => exchange.req.once('end', resolve));
    const form = formOf(exchange.request.body);
    if (form.get('requested_token_type') === ID_JAG) {
      const claims = { client_id: 'files-client', resource: RESOURCE };
      const header = { typ: 'oauth-id-jag+jwt' };
      const assertion = mintToken({ issuer: server.issuer, audience: FILES_ISSUER, key, header, claims });
      return answers.json({ access_token: assertion, token_type: 'N_A', issued_token_type: ID_JAG })(exchange);
    }
    const token = mintToken({
      issuer: FILES_ISSUER,
      audience: [AUDIENCE, RESOURCE],
      key,
      claims: { sub: `subject-${tokens.length}`, jti: `exchanged-${tokens.length}` },
    });
    onwardToken(token);
    tokens.push(token);
    const type = form.get('grant_type') === EXCHANGE ? { issued_token_type: ACCESS_TOKEN } : {};
    return answers.json({ access_token: token, token_type: 'Bearer', expires_in: 600, ...type })(exchange);
  };
  const upstream = await startRawUpstream(give, 'issuer');
  const server: TokenServer = Object.assign(upstream, {
    issuer: '',
    give,
    tokens,
    grants: () => upstream.requests.map(({ body }) => formOf(body).get('grant_type')),
  });
  return server;
}

/** `upstream.credential` of each kind, by a name. `url`: the token endpoint. */
export const kindsAt = (url: string): Record<string, Fields> => {
  const client = { tokenUrl: `${url}/token`, clientId: 'portcullis', audience: AUDIENCE };
  return {
    none: { kind: 'none' },
    static: { kind: 'static', authorization: '${env:STATIC_UPSTREAM}' },
    header: { kind: 'static', header: 'X-Backend-Key', value: '${env:HEADER_UPSTREAM}' },
    identity: { kind: 'identity', audience: AUDIENCE },
    exchange: { kind: 'exchange', ...client, clientSecret: '${env:EXCHANGE_SECRET}' },
    behalf: {
      kind: 'exchange',
      grant: 'on-behalf-of',
      scopes: ['api://files-backend/.default'],
      ...client,
      clientSecret: '${env:EXCHANGE_SECRET}',
      auth: 'post',
    },
    jag: {
      kind: 'exchange',
      tokenUrl: client.tokenUrl,
      clientId: client.clientId,
      resource: RESOURCE,
      clientSecret: '${env:EXCHANGE_SECRET}',
      idJag: {
        issuer: FILES_ISSUER,
        tokenUrl: client.tokenUrl,
        clientId: 'files-client',
        clientSecret: '${env:FILES_SECRET}',
      },
    },
    machine: { kind: 'client-credentials', ...client, clientSecret: '${env:MACHINE_SECRET}' },
    forward: { kind: 'forward' },
  };
};

/** The key has an upstreamAuthorization of its own; `plain` has none, and is in a file. */
const SWAPPED = keyFrom(`sk_live_${textOf('swapped key')}`);
const PLAIN = keyFrom(`sk_live_${textOf('plain key')}`);

export interface KindsScene {
  readonly scene: Scene;
  /** The upstream of the endpoints of the kinds. */
  readonly upstream: RawUpstream;
  readonly tokenServer: TokenServer;
  /** The names of the kinds, in the order of `kindsAt`. */
  readonly kinds: readonly string[];
  stop(): Promise<void>;
}

/**
 * The endpoint of a kind is `/KIND/mcp`, and `/KIND/bridged/mcp` where the bridge is its issuer.
 * `/none/mcp` takes pass-through callers too.
 */
export async function startKindsScene(only?: readonly string[]): Promise<KindsScene> {
  const tokenServer = await startTokenServer();
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-kinds-'));
  const apiKeysFile = join(folder, 'keys.jsonl');
  writeFileSync(apiKeysFile, `${JSON.stringify({ name: 'plain', sha256: PLAIN.sha256, scopes: SCOPES })}\n`);
  const kinds = Object.entries(kindsAt(tokenServer.url)).filter(([name]) => only?.includes(name) ?? true);
  const upstream = await startRawUpstream(answers.rpc());
  const headers = { 'X-User': '{subject?}', 'X-Constant': '${env:CONSTANT_UPSTREAM}' };
  const apiKeys = [{ header: 'X-Api-Key' }, { scheme: 'Token' }, { bearerPrefix: 'sk_live_' }];
  const passThrough = [{ scheme: 'Old', upstreamVerifies: true, scopes: SCOPES }];
  const more = kinds.flatMap(([name, credential]) => {
    const endpoint = { scopes: SCOPES, apiKeys, upstream: { url: `${upstream.url}/up`, credential, headers } };
    return [
      { path: `/${name}/mcp`, bridge: false, ...(name === 'none' ? { passThrough } : {}), ...endpoint },
      // Clients use one authorization server, which is the bridge here. Its tokens stand for keys.
      ...(['exchange', 'forward'].includes(String(credential.kind))
        ? []
        : [{ path: `/${name}/bridged/mcp`, issuers: undefined, ...endpoint }]),
    ];
  });
  const [ring, bridge] = [ringKey(), ringKey('ES256')];
  const scene = await startScene({
    issuer: { introspection: { clientId: 'gateway', clientSecret: '${env:INTROSPECTION_SECRET}' } },
    more,
    root: {
      identity: { keys: ['${env:IDENTITY_RING}'] },
      bridge: { keys: ['${env:BRIDGE_RING}'] },
      apiKeys: { swapped: { sha256: SWAPPED.sha256, scopes: SCOPES, upstreamAuthorization: '${env:SWAP_UPSTREAM}' } },
      apiKeysFile,
    },
    env: { ...CONFIGURED, IDENTITY_RING: ring.pem, BRIDGE_RING: bridge.pem },
  });
  scene.issuer.introspect = (form) => {
    const token = form.get('token') ?? '';
    const [, kind] = /^opaque-(\w+)-/.exec(token) ?? [];
    if (kind === undefined) return { active: false };
    return { active: true, aud: `${scene.gateway.url}/${kind}/mcp`, sub: 'olivia', client_id: 'c-2', scope: SCOPES.join(' ') };
  };
  tokenServer.issuer = scene.issuer.issuer;
  return {
    scene,
    upstream,
    tokenServer,
    kinds: kinds.map(([name]) => name),
    async stop() {
      await scene.stop();
      await Promise.all([upstream.stop(), tokenServer.stop()]);
      rmSync(folder, { recursive: true });
    },
  };
}

/** The headers of a caller, and the secret texts in them. `path`: where, if not to `/KIND/mcp`. */
export interface Presented {
  readonly path?: string;
  readonly lines: readonly HeaderLine[];
  /** The whole credential, and the parts of a token. */
  readonly secrets: readonly string[];
}

const bearer = (token: string): Presented => ({
  lines: [['Authorization', `Bearer ${token}`]],
  secrets: token.includes('.') ? [token, ...token.split('.')] : [token],
});
const keyed = (name: string, before: string, { key }: typeof PLAIN): Presented => ({
  lines: [[name, `${before}${key}`]],
  secrets: [key, sha256Of(key)],
});

/** The ways to call; each makes the headers of one caller at the endpoint of a kind. */
export const WAYS: Record<string, (scene: Scene, kind: string) => Presented | Promise<Presented>> = {
  'a JWT': (scene, kind) => bearer(scene.token({ audience: `${scene.gateway.url}/${kind}/mcp` })),
  'an opaque token': (_scene, kind) => {
    const token = `opaque-${kind}-${textOf(`opaque of ${kind}`)}`;
    secret('part', token);
    return bearer(token);
  },
  'a key in a header': () => keyed('X-Api-Key', '', PLAIN),
  'a key under its scheme': () => keyed('Authorization', 'Token ', PLAIN),
  'a key by its prefix': () => keyed('Authorization', 'Bearer ', PLAIN),
  'a key with its own upstream credential': () => keyed('X-Api-Key', '', SWAPPED),
  'a bridge token': async ({ gateway }, kind) => {
    const path = `/${kind}/bridged/mcp`;
    const form = { resource: `${gateway.url}${path}` };
    return { path, ...bearer(await granted(gateway.port, { id: 'plain', secret: PLAIN.key, form })) };
  },
};
