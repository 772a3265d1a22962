// A third-party MCP server: the SDK behind a simple OAuth middleware, with a switch for each fault
// that such servers have.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { ecKey, mintToken } from '../fixtures/mint.js';
import { listen, startServer } from '../fixtures/ports.js';

type Handler = (req: IncomingMessage, res: ServerResponse) => void;

/** The behaviour that a fault replaces; the values of `good` are those of a correct server. */
export interface Behaviour {
  /** The challenge lines. `error` is null for a request without a token. */
  challenge: (parts: { metadataUrl: string; error: string | null; req: IncomingMessage }) => string[];
  /**
   * Merged over the resource metadata, and over that of the authorization server. Undefined
   * removes a member.
   */
  metadata: Record<string, unknown>;
  server: Record<string, unknown>;
  /** Handles the request before everything else; true if it responded. */
  before: (req: IncomingMessage, res: ServerResponse) => boolean;
  /** The status for a request without a good token. */
  rejectionStatus: number;
  takesAnyToken: boolean;
  preflightHeaders: string;
  exposed: string;
  /** Changes the response of the SDK. */
  around: (res: ServerResponse) => void;
}

export interface ThirdPartyServer {
  readonly url: string;
  readonly origin: string;
  /** The origin without the front. */
  readonly local: string;
  readonly token: string;
  readonly issuer: string;
  /** The names of the called tools. */
  readonly called: string[];
  /** Every request to either host: the place, and whether it carried the token. */
  readonly seen: { readonly where: string; readonly withToken: boolean }[];
  stop(): Promise<void>;
}

const good: Behaviour = {
  challenge: ({ metadataUrl, error }) => [
    `Bearer ${error === null ? '' : `error="${error}", `}resource_metadata="${metadataUrl}", scope="files:read"`,
  ],
  metadata: {},
  server: {},
  before: () => false,
  rejectionStatus: 401,
  takesAnyToken: false,
  preflightHeaders:
    'authorization, content-type, mcp-protocol-version, mcp-session-id, mcp-method, mcp-name, last-event-id, mcp-param-doctor',
  exposed: 'WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version, Retry-After',
  around: (res) => res.setHeader('x-accel-buffering', 'no'),
};

function buildServer(called: string[]): McpServer {
  const server = new McpServer({ name: 'third-party', version: '1' }, { capabilities: { tools: { listChanged: true } } });
  const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] });
  server.registerTool('wipe', { description: 'Writes.', annotations: { destructiveHint: true } }, async () => {
    called.push('wipe');
    return text('wiped');
  });
  const needs = { inputSchema: z.object({ path: z.string() }), annotations: { readOnlyHint: true } };
  server.registerTool('read', needs, async () => {
    called.push('read');
    return text('read');
  });
  // The doctor calls these two only by name.
  server.registerTool('ticks', {}, async (ctx) => {
    const progressToken = ctx.mcpReq._meta?.progressToken;
    for (let progress = 1; progress <= 16; progress += 1) {
      await sleep(50);
      if (progressToken === undefined) continue;
      await ctx.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 16 } });
    }
    return text('done');
  });
  server.registerTool('slow', {}, async () => {
    await sleep(1_600);
    return text('done');
  });
  server.registerTool('time', { annotations: { readOnlyHint: true } }, async () => {
    called.push('time');
    return text('noon');
  });
  return server;
}

const json = (res: ServerResponse, status: number, value: unknown): void => {
  res.writeHead(status, { 'content-type': 'application/json' });
  res.end(JSON.stringify(value));
};

export type Fault = Partial<Behaviour> | ((good: Behaviour) => Partial<Behaviour>);

/** `publicOrigin` is the origin of a front. `claims` are more claims of the token. */
export async function startThirdPartyServer(
  fault: Fault = {},
  publicOrigin?: string,
  claims: Record<string, unknown> = {},
): Promise<ThirdPartyServer> {
  const behaviour: Behaviour = { ...good, ...(typeof fault === 'function' ? fault(good) : fault) };
  const key = ecKey();
  const called: string[] = [];
  const seen: { where: string; withToken: boolean }[] = [];
  let token = '';
  let origin = '';
  let issuer = '';
  const record = (host: string, req: IncomingMessage): void =>
    void seen.push({
      where: `${req.method} ${host}${req.url}`,
      withToken: JSON.stringify(req.rawHeaders).includes(token) || (req.url ?? '').includes(token),
    });

  const serverMetadata: Handler = (req, res) => {
    record('issuer', req);
    if (req.url !== '/.well-known/oauth-authorization-server') return json(res, 404, { error: 'not found' });
    json(res, 200, {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      registration_endpoint: `${issuer}/register`,
      response_types_supported: ['code'],
      scopes_supported: ['openid', 'files:read'],
      code_challenge_methods_supported: ['S256'],
      ...behaviour.server,
    });
  };
  const issuerServer = await startServer(serverMetadata);
  issuer = issuerServer.url;

  const mcp = createMcpHandler(() => buildServer(called));
  const serve = toNodeHandler(mcp);

  function wellKnown(req: IncomingMessage, res: ServerResponse): void {
    res.setHeader('access-control-allow-origin', '*');
    if (req.method === 'OPTIONS') {
      return void res
        .writeHead(204, { 'access-control-allow-headers': 'MCP-Protocol-Version', 'access-control-allow-methods': 'GET' })
        .end();
    }
    if (req.url !== '/.well-known/oauth-protected-resource/mcp') return json(res, 404, { error: 'not found' });
    json(res, 200, {
      resource: `${origin}/mcp`,
      authorization_servers: [issuer],
      scopes_supported: ['files:read'],
      bearer_methods_supported: ['header'],
      ...behaviour.metadata,
    });
  }

  function middleware(req: IncomingMessage, res: ServerResponse): void {
    record('server', req);
    if (behaviour.before(req, res)) return;
    const path = (req.url ?? '').split('?', 1)[0];
    if (path?.startsWith('/.well-known/')) return wellKnown(req, res);
    if (path !== '/mcp') return json(res, 404, { error: 'not found' });
    const from = req.headers.origin;
    if (from?.endsWith('.invalid')) return json(res, 403, { error: 'origin' });
    if (from !== undefined) {
      res.setHeader('access-control-allow-origin', from);
      if (behaviour.exposed !== '') res.setHeader('access-control-expose-headers', behaviour.exposed);
    }
    if (req.method === 'OPTIONS')
      return void res.writeHead(204, { 'access-control-allow-headers': behaviour.preflightHeaders }).end();
    const { authorization } = req.headers;
    const right = authorization === `Bearer ${token}` || (behaviour.takesAnyToken && authorization !== undefined);
    if (!right) {
      const metadataUrl = `${origin}/.well-known/oauth-protected-resource/mcp`;
      const error = authorization === undefined ? null : 'invalid_token';
      const lines = behaviour.challenge({ metadataUrl, error, req });
      if (lines.length > 0) res.setHeader('www-authenticate', lines);
      const { rejectionStatus } = behaviour;
      const rpcError = { jsonrpc: '2.0', id: 1, error: { code: -32001, message: 'no' } };
      return json(res, rejectionStatus, rejectionStatus === 200 ? rpcError : { error: 'no' });
    }
    behaviour.around(res);
    void serve(req as NodeIncomingMessageLike, res);
  }
  // A server with the limit of Node would reject a long token itself.
  const server = createServer({ maxHeaderSize: 64 * 1024 }, middleware);
  const local = `http://127.0.0.1:${await listen(server)}`;
  origin = publicOrigin ?? local;
  token = mintToken({ issuer, audience: `${origin}/mcp`, key, claims });
  return {
    url: `${origin}/mcp`,
    origin,
    local,
    token,
    issuer,
    called,
    seen,
    async stop() {
      await mcp.close();
      server.close();
      server.closeAllConnections();
      await issuerServer.close();
    },
  };
}

/** Acts as a proxy that holds back the response until it is complete. */
export function buffering(res: ServerResponse): void {
  const held: Buffer[] = [];
  const end = res.end.bind(res);
  const flushed = res.flushHeaders;
  res.flushHeaders = () => {};
  res.write = ((chunk: Uint8Array | string) => {
    held.push(Buffer.from(chunk as string));
    return true;
  }) as typeof res.write;
  res.end = ((chunk?: Uint8Array | string) => {
    if (chunk !== undefined) held.push(Buffer.from(chunk as string));
    res.flushHeaders = flushed;
    return end(Buffer.concat(held));
  }) as typeof res.end;
}
