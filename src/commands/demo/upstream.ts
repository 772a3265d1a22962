// The upstream of the demo: a real MCP server. It accepts the traffic of the gateway, and its own
// older clients with `Authorization: Token`.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { listenLoopback } from './loopback.js';

/** The credential of the older clients. The identity provider does not know it. */
export const LEGACY_TOKEN = 'demo-legacy-token';

/** One request to the upstream. `authorization` is the scheme or `none`, never the value. */
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
    {
      description: 'Returns the text of the argument.',
      inputSchema: z.object({ text: z.string() }),
    },
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

/** Starts the upstream on a loopback port, by default a free one. `url` is its MCP endpoint. */
export async function startDemoUpstream(port?: number): Promise<DemoUpstream> {
  const mcp = createMcpHandler(buildServer);
  const serve = getRequestListener((request) => mcp.fetch(request));
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
    // Without a credential the gateway has already checked the caller. Any credential has to be one
    // of the upstream.
    if (authorization !== undefined && !isLegacyCaller(authorization)) {
      req.resume();
      return void res.writeHead(401, { 'www-authenticate': 'Token' }).end();
    }
    void serve(req, res);
  };

  const listening = await listenLoopback(handler, port);
  return {
    url: `${listening.url}/mcp`,
    seen,
    async stop() {
      await mcp.close();
      await listening.close();
    },
  };
}
