// A scene for `explain`: a gateway, and a configuration of three endpoints for its command.
import type { Idp } from '../../src/commands/demo/idp.js';
import { explainTokenFor } from '../../src/commands/explain-token.js';
import { resolveConfig } from '../../src/config/load.js';
import type { Notice } from '../../src/core/notice.js';
import { startIdp } from '../fixtures/idp.js';
import type { Mint } from '../fixtures/mint.js';
import { ENV_SECRET, type Scene, startScene } from '../fixtures/scene.js';
import { withDeadline } from '../fixtures/wait.js';

export type ExplainScene = {
  scene: Scene;
  idp: Idp;
  /** The configuration of the command: /mcp, /idp/mcp and /introspected/mcp. */
  config: Record<string, unknown>;
  /** Explains a token at the endpoint with this path. */
  explain(path: string, token: string, tool?: string | null): ReturnType<typeof explainAt>;
  stop(): Promise<void>;
};

export const claims = (changes: Record<string, unknown>): Partial<Mint> => ({ claims: changes });

async function explainAt(config: Record<string, unknown>, secret: string, path: string, token: string, tool: string | null) {
  const loaded = resolveConfig(config, { SECRET: secret });
  const endpoint = loaded.endpoints.find((one) => one.path === path);
  if (endpoint === undefined) throw new Error(`unknown endpoint ${path}`);
  const notices: Notice[] = [];
  const explainToken = explainTokenFor(loaded, endpoint, (notice) => void notices.push(notice));
  const { steps, failure } = await withDeadline('explain', explainToken(token, tool), 10_000);
  const failed = steps.filter(({ state }) => state === 'fail');
  return { steps, failed, reason: failure?.definition.reason ?? 'ok', names: steps.map(({ name }) => name), notices };
}

export async function startExplainScene(): Promise<ExplainScene> {
  const scene = await startScene({ endpoint: { scopes: ['files:read'] } });
  const idp = await startIdp({ scopes: ['files:read'] });
  const upstream = `${scene.upstream.url}/up`;
  const config = {
    publicUrl: scene.gateway.url,
    issuers: {
      main: { issuer: scene.issuer.issuer },
      idp: { issuer: idp.issuer, introspection: { clientId: idp.clients.introspection.id, clientSecret: ENV_SECRET } },
      introspected: {
        issuer: `${scene.issuer.issuer}/introspected`,
        verify: 'introspection',
        introspection: { url: `${scene.issuer.issuer}/introspect`, clientId: 'portcullis', clientSecret: ENV_SECRET },
      },
    },
    endpoints: [
      { path: '/mcp', issuers: ['main'], scopes: ['files:read'], upstream },
      { path: '/idp/mcp', issuers: ['idp'], scopes: ['files:read'], upstream },
      {
        path: '/introspected/mcp',
        issuers: ['introspected'],
        scopes: ['files:read'],
        upstream,
        tools: {
          default: 'allow',
          rules: [
            { tool: 'delete*', deny: true },
            { tool: 'write*', scopes: ['files:write'], claim: 'roles', has: 'admin' },
          ],
        },
      },
    ],
  };
  idp.addResource(`${scene.gateway.url}/idp/mcp`, 'jwt');
  return {
    scene,
    idp,
    config,
    explain: (path, token, tool = null) => explainAt(config, idp.clients.introspection.secret, path, token, tool),
    async stop() {
      await Promise.all([scene.stop(), idp.stop()]);
    },
  };
}
