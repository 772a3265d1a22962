// The demo's upstream: a real MCP server that takes gateway traffic and its own older `Authorization: Token` callers.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { listenLoopback } from './loopback.js';

/** The credential the upstream's own older callers send, unknown to the identity provider. */
export const LEGACY_TOKEN = 'demo-legacy-token';

/** One request as the upstream saw it. `authorization` is the scheme or `none`, never the value. */
export type SeenRequest = {
  method: string;
  path: string;
  authorization: string;
  headerNames: string[];
};

export type DemoUpstream = { url: string; seen: SeenRequest[]; stop(): Promise<void> };

const schemeOf = (authorization: string | null | undefined): string =>
  authorization?.split(' ', 1)[0] || 'none';

const isLegacyCaller = (authorization: string): boolean => {
  const [scheme = '', credential] = authorization.split(' ');
  return scheme.toLowerCase() === 'token' && credential === LEGACY_TOKEN;
};

function buildServer(): McpServer {
  const server = new McpServer({ name: 'demo-upstream', version: '1.0.0' });
  server.registerTool(
    'echo',
    { description: 'Returns the text it was given.', inputSchema: z.object({ text: z.string() }) },
    async ({ text }) => ({ content: [{ type: 'text', text }] }),
  );
  server.registerTool(
    'add',
    { description: 'Adds two numbers.', inputSchema: z.object({ a: z.number(), b: z.number() }) },
    async ({ a, b }) => ({ content: [{ type: 'text', text: String(a + b) }] }),
  );
  server.registerTool(
    'whoami',
    { description: 'Names the request headers that reached this server.' },
    async (ctx) => {
      const headers = ctx.http?.req?.headers;
      const authorization = schemeOf(headers?.get('authorization'));
      const names = [...(headers?.keys() ?? [])].sort();
      return {
        content: [{ type: 'text', text: JSON.stringify({ authorization, headers: names }) }],
      };
    },
  );
  return server;
}

/** Starts the upstream on a free loopback port; `url` is its MCP endpoint. */
export async function startDemoUpstream(): Promise<DemoUpstream> {
  const mcp = createMcpHandler(buildServer);
  const serve = toNodeHandler(mcp);
  const seen: SeenRequest[] = [];

  const handler = (req: IncomingMessage, res: ServerResponse): void => {
    const { authorization } = req.headers;
    const path = (req.url ?? '/').split('?', 1)[0] ?? '/';
    seen.push({
      method: req.method ?? '',
      path,
      authorization: schemeOf(authorization),
      headerNames: Object.keys(req.headers),
    });
    if (path !== '/mcp') return void res.writeHead(404).end();
    // No credential means the gateway has already checked the caller; any credential has to be the upstream's own.
    if (authorization !== undefined && !isLegacyCaller(authorization)) {
      req.resume();
      return void res.writeHead(401, { 'www-authenticate': 'Token' }).end();
    }
    // The SDK's request type is written without exactOptionalPropertyTypes in mind; the shapes are the same.
    void serve(req as NodeIncomingMessageLike, res);
  };

  const listening = await listenLoopback(handler);
  return {
    url: `${listening.url}/mcp`,
    seen,
    async stop() {
      await mcp.close();
      await listening.close();
    },
  };
}
