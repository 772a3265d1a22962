// An MCP server that is not ours: the SDK behind a plain home-made middleware for OAuth, with a switch for each fault that such servers have.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { listenLoopback } from '../../src/commands/demo/loopback.js';
import { mintToken, rsaKey } from '../fixtures/mint.js';

type Handler = (req: IncomingMessage, res: ServerResponse) => void;

/** What a fault changes; each of these is what a good server does. */
export interface Behaviour {
  /** The challenge lines; `error` is set where a token was sent. */
  challenge: (parts: { metadataUrl: string; error: string | null; req: IncomingMessage }) => string[];
  /** Merged over the resource metadata, and over that of the authorization server; undefined removes a member. */
  metadata: Record<string, unknown>;
  server: Record<string, unknown>;
  /** Answers before everything else; true when it did. */
  before: (req: IncomingMessage, res: ServerResponse) => boolean;
  /** Whether a request without a good token is refused by this status. */
  refuse: number;
  takesAnyToken: boolean;
  preflightHeaders: string;
  exposed: string;
  /** Wraps the answer of the SDK. */
  around: (res: ServerResponse) => void;
}

export interface Strange {
  readonly url: string;
  readonly origin: string;
  readonly token: string;
  readonly issuer: string;
  /** Tools that were called. */
  readonly called: string[];
  /** Every request at either host: where, and whether it carried the token. */
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
  refuse: 401,
  takesAnyToken: false,
  preflightHeaders:
    'authorization, content-type, mcp-protocol-version, mcp-session-id, mcp-method, mcp-name, last-event-id, mcp-param-doctor',
  exposed: 'WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version, Retry-After',
  around: (res) => res.setHeader('x-accel-buffering', 'no'),
};

function buildServer(called: string[]): McpServer {
  const server = new McpServer({ name: 'strange', version: '1' }, { capabilities: { tools: { listChanged: true } } });
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

export async function startStrange(fault: Partial<Behaviour> | ((good: Behaviour) => Partial<Behaviour>) = {}): Promise<Strange> {
  const be: Behaviour = { ...good, ...(typeof fault === 'function' ? fault(good) : fault) };
  const key = rsaKey();
  const called: string[] = [];
  const seen: { where: string; withToken: boolean }[] = [];
  let token = '';
  let origin = '';
  let issuer = '';
  const note = (host: string, req: IncomingMessage): void =>
    void seen.push({
      where: `${req.method} ${host}${req.url}`,
      withToken: JSON.stringify(req.rawHeaders).includes(token) || (req.url ?? '').includes(token),
    });

  const serverMetadata: Handler = (req, res) => {
    note('issuer', req);
    if (req.url !== '/.well-known/oauth-authorization-server') return json(res, 404, { error: 'not found' });
    json(res, 200, {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      registration_endpoint: `${issuer}/register`,
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
      ...be.server,
    });
  };
  const issuerServer = await listenLoopback(serverMetadata);
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
      ...be.metadata,
    });
  }

  function middleware(req: IncomingMessage, res: ServerResponse): void {
    note('server', req);
    if (be.before(req, res)) return;
    const path = (req.url ?? '').split('?', 1)[0];
    if (path?.startsWith('/.well-known/')) return wellKnown(req, res);
    if (path !== '/mcp') return json(res, 404, { error: 'not found' });
    const from = req.headers.origin;
    if (from?.endsWith('.invalid')) return json(res, 403, { error: 'origin' });
    if (from !== undefined) {
      res.setHeader('access-control-allow-origin', from);
      if (be.exposed !== '') res.setHeader('access-control-expose-headers', be.exposed);
    }
    if (req.method === 'OPTIONS') return void res.writeHead(204, { 'access-control-allow-headers': be.preflightHeaders }).end();
    const { authorization } = req.headers;
    const right = authorization === `Bearer ${token}` || (be.takesAnyToken && authorization !== undefined);
    if (!right) {
      const metadataUrl = `${origin}/.well-known/oauth-protected-resource/mcp`;
      const error = authorization === undefined ? null : 'invalid_token';
      const lines = be.challenge({ metadataUrl, error, req });
      if (lines.length > 0) res.setHeader('www-authenticate', lines);
      // Not read: the connection is closed, so that what is left of it is no next request.
      return json(
        res,
        be.refuse,
        be.refuse === 200 ? { jsonrpc: '2.0', id: 1, error: { code: -32001, message: 'no' } } : { error: 'no' },
      );
    }
    be.around(res);
    void serve(req as NodeIncomingMessageLike, res);
  }
  const listening = await listenLoopback(middleware);
  origin = listening.url;
  token = mintToken({ issuer, audience: `${origin}/mcp`, key });
  return {
    url: `${origin}/mcp`,
    origin,
    token,
    issuer,
    called,
    seen,
    async stop() {
      await mcp.close();
      await Promise.all([listening.close(), issuerServer.close()]);
    },
  };
}

/** A proxy that hands on what it got when it has got all of it. */
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
