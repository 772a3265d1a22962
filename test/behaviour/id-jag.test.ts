// Cross-app access through the gateway: two real authorization servers, and an MCP upstream that
// verifies the tokens of its own one.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Gateway } from '../fixtures/gateway.js';
import type { AuthorizationServer, Lies } from '../fixtures/grant-server.js';
import { FILES_CLIENT, IDP_CLIENT, type Idp, startFilesServer, startIdJagIdp } from '../fixtures/id-jag-servers.js';
import { modern } from '../fixtures/messages.js';
import { openRaw, type RawResponse, rawRequest, requestBytes } from '../fixtures/raw-client.js';
import { logOf, startConfigured } from '../fixtures/scene.js';
import { startWhoamiUpstream, type WhoamiUpstream } from '../fixtures/whoami-upstream.js';

const FILES = 'https://files.example.com/mcp';
const NOTES = 'https://notes.example.com/mcp';
let idp: Idp;
let files: AuthorizationServer;
let notes: AuthorizationServer;
let silent: AuthorizationServer;
let filesUpstream: WhoamiUpstream;
let notesUpstream: WhoamiUpstream;
let gateway: Gateway;

const PATHS = ['/files/mcp', '/notes/mcp', '/silent/mcp'] as const;

beforeAll(async () => {
  const servers = await Promise.all([1, 2, 3].map(() => startFilesServer(() => idp.issuer)));
  [files, notes, silent] = servers as [AuthorizationServer, AuthorizationServer, AuthorizationServer];
  idp = await startIdJagIdp(Object.fromEntries(servers.map(({ issuer }) => [issuer, FILES_CLIENT.id])));
  silent.lies = { metadata: { authorization_grant_profiles_supported: [] } };
  filesUpstream = await startWhoamiUpstream(files.issuer, FILES);
  notesUpstream = await startWhoamiUpstream(notes.issuer, NOTES);
  const endpoint = (path: string, { issuer }: AuthorizationServer, { url }: WhoamiUpstream, resource: string) => ({
    path,
    issuers: ['work'],
    scopes: ['files:read'],
    upstream: {
      url,
      credential: {
        kind: 'exchange',
        resource,
        scopes: ['files:read'],
        clientId: IDP_CLIENT.id,
        clientSecret: '${env:IDP_SECRET}',
        timeoutMs: 1_500,
        idJag: { issuer, clientId: FILES_CLIENT.id, clientSecret: '${env:FILES_SECRET}' },
      },
    },
  });
  gateway = await startConfigured(
    {
      issuers: { work: { issuer: idp.issuer } },
      endpoints: [
        endpoint('/files/mcp', files, filesUpstream, FILES),
        endpoint('/notes/mcp', notes, notesUpstream, NOTES),
        endpoint('/silent/mcp', silent, filesUpstream, FILES),
      ],
    },
    { env: { IDP_SECRET: IDP_CLIENT.secret, FILES_SECRET: FILES_CLIENT.secret } },
  );
});
afterAll(async () => {
  await gateway.stop('SIGKILL');
  await Promise.all([idp, files, notes, silent, filesUpstream, notesUpstream].map((server) => server.stop()));
});
beforeEach(() => {
  for (const server of [idp, files, notes]) Object.assign(server, { lies: {}, ttl: 300, requests: [] });
  for (const { seen } of [filesUpstream, notesUpstream]) seen.length = 0;
});

let logins = 0;
const login = (user = `user-${++logins}`, path: (typeof PATHS)[number] = '/files/mcp') => idp.token(user, gateway.url + path);
const whoami = (token: string, path: (typeof PATHS)[number] = '/files/mcp') =>
  modern('tools/call', { params: { name: 'whoami', arguments: {} }, path, token });
const send = (token: string, path: (typeof PATHS)[number] = '/files/mcp') =>
  rawRequest(gateway.port, whoami(token, path), { label: `whoami at ${path}`, ms: 10_000 });
const nameIn = ({ status, body }: RawResponse): string => /"text":"([^"]*)"/.exec(String(body))?.[1] ?? `status ${status}`;

describe('the whole flow', () => {
  test('a client of the SDK calls the upstream, which knows the user by the token of its own server', async () => {
    const token = await login('alice');
    const client = new Client({ name: 'test', version: '0.0.0' });
    await client.connect(
      new StreamableHTTPClientTransport(new URL(`${gateway.url}/files/mcp`), {
        requestInit: { headers: { authorization: `Bearer ${token}` } },
      }),
    );
    const result = await client.callTool({ name: 'whoami', arguments: {} });
    await client.close();
    expect(result.content).toEqual([{ type: 'text', text: 'alice' }]);
    const { assertion } = files.requests[0] as { assertion: string };
    const seen = JSON.stringify(filesUpstream.seen);
    for (const secret of [token, assertion]) for (const part of secret.split('.').slice(1)) expect(seen).not.toContain(part);
    expect(files.requests).toHaveLength(1);
  });

  test('the upstream tells two users of one client apart, also on one connection', async () => {
    const connection = await openRaw(gateway.port, { label: 'one connection', ms: 10_000 });
    const tokens = [await login('carol'), await login('dave')];
    const names: string[] = [];
    for (const token of [...tokens, ...tokens]) {
      await connection.write(requestBytes(gateway.port, whoami(token)));
      names.push(nameIn(await connection.response({ label: 'whoami in one connection' })));
    }
    connection.destroy();
    expect(names).toEqual(['carol', 'dave', 'carol', 'dave']);
    // Each token was exchanged once, and the second calls came from the cache.
    expect([idp.requests.length, files.requests.length]).toEqual([2, 2]);
  });

  test('fifty calls at once with a new token are one exchange', async () => {
    const token = await login('erin');
    const names = await Promise.all(Array.from({ length: 50 }, async () => nameIn(await send(token))));
    expect(new Set(names)).toEqual(new Set(['erin']));
    expect([idp.requests.length, files.requests.length]).toEqual([1, 1]);
  });

  test('a token of one endpoint never serves the other', async () => {
    expect(nameIn(await send(await login('frank')))).toBe('frank');
    expect(nameIn(await send(await login('frank', '/notes/mcp'), '/notes/mcp'))).toBe('frank');
    expect([files.requests.length, notes.requests.length]).toEqual([1, 1]);
    const [mine, other] = [filesUpstream, notesUpstream].map(({ seen }) => seen[0]?.headers.authorization);
    expect(mine).not.toBe(other);
  });
});

const status = (code: number): Lies => ({
  token: (_req, res) => void res.writeHead(code, { location: 'http://127.0.0.1:1/' }).end('<title>no</title>'),
});

describe('a fault: nothing reaches the upstream, the other endpoint works, and no restart is needed', () => {
  type Which = () => AuthorizationServer;
  const atIdp: Which = () => idp;
  const atFiles: Which = () => files;
  const rows: [what: string, which: Which, lies: Lies, status: number, reason: string][] = [
    ['the issuer rejects the gateway', atIdp, status(401), 503, 'exchange.gateway_rejected'],
    ['its server rejects the gateway', atFiles, status(401), 503, 'exchange.gateway_rejected'],
    ['the issuer rejects the token', atIdp, status(400), 403, 'exchange.refused'],
    ['its server rejects the ID-JAG', atFiles, status(403), 403, 'exchange.refused'],
    ['the issuer redirects', atIdp, status(307), 503, 'exchange.unavailable'],
    ['its server redirects', atFiles, status(307), 503, 'exchange.unavailable'],
    ['the issuer answers HTML', atIdp, status(200), 503, 'exchange.unavailable'],
    ['its server answers HTML', atFiles, status(200), 503, 'exchange.unavailable'],
    ['the issuer fails', atIdp, status(500), 503, 'exchange.unavailable'],
    ['its server never answers', atFiles, { token: () => {} }, 503, 'exchange.unavailable'],
    ['an ID-JAG for another server', atIdp, { claims: { aud: 'https://other.example.com' } }, 503, 'exchange.unavailable'],
    ['an ID-JAG of another type', atIdp, { header: { typ: 'JWT' } }, 503, 'exchange.unavailable'],
    ['an ID-JAG for another client', atIdp, { claims: { client_id: 'other' } }, 503, 'exchange.unavailable'],
    ['an ID-JAG for another resource', atIdp, { claims: { resource: NOTES } }, 503, 'exchange.unavailable'],
    ['an answer without N_A', atIdp, { answer: { token_type: undefined } }, 503, 'exchange.unavailable'],
    ['an access token for another upstream', atFiles, { claims: { aud: NOTES } }, 503, 'exchange.unavailable'],
    ['an ID-JAG in place of it', atFiles, { header: { typ: 'oauth-id-jag+jwt' } }, 503, 'exchange.unavailable'],
  ];
  test.each(rows)('%s', async (_what, which, lies, expected, reason) => {
    const name = `user-${logins + 1}`;
    const token = await login();
    const other = await login('grace', '/notes/mcp');
    expect(nameIn(await send(other, '/notes/mcp'))).toBe('grace');
    which().lies = lies;
    const response = await send(token);
    const line = await logOf(gateway, response);
    expect([response.status, line.reason]).toEqual([expected, reason]);
    expect(String(line.detail)).toContain(which().issuer);
    expect(response.header('retry-after') !== undefined).toBe(expected === 503);
    expect(filesUpstream.seen).toEqual([]);
    expect(nameIn(await send(other, '/notes/mcp'))).toBe('grace');
    if (which === atFiles) expect(nameIn(await send(await login('new', '/notes/mcp'), '/notes/mcp'))).toBe('new');
    which().lies = {};
    // The gateway remembers a rejection of this token, or of itself, for five seconds.
    const again = reason === 'exchange.unavailable' ? token : await login(name);
    expect(nameIn(await send(again))).toBe(name);
  });

  test('its server is down', async () => {
    await files.stop();
    const token = await login('heidi');
    const response = await send(token);
    expect([response.status, (await logOf(gateway, response)).reason]).toEqual([503, 'exchange.unavailable']);
    expect(nameIn(await send(await login('heidi', '/notes/mcp'), '/notes/mcp'))).toBe('heidi');
    expect(filesUpstream.seen).toEqual([]);
    await files.start();
    expect(nameIn(await send(token))).toBe('heidi');
  });

  test('its server does not offer the grant: no token leaves the gateway', async () => {
    const response = await send(await login('ivan', '/silent/mcp'), '/silent/mcp');
    const line = await logOf(gateway, response);
    expect([response.status, line.reason]).toEqual([503, 'exchange.unavailable']);
    expect(String(line.detail)).toContain(
      'authorization_grant_profiles_supported has no urn:ietf:params:oauth:grant-profile:id-jag',
    );
    expect([idp.requests, silent.requests, filesUpstream.seen]).toEqual([[], [], []]);
  });
});
