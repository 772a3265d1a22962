// Starts the services of the demo: an identity provider, an MCP server, and the gateway with two
// endpoints in front of it.
import { type Gateway, startGateway } from '../../app/app.js';
import type { ExplainToken } from '../../app/explain.js';
import { resolveConfig } from '../../config/load.js';
import { systemClock } from '../clock.js';
import { explainTokenFor } from '../explain-token.js';
import { type Idp, startIdp } from './idp.js';
import { leasePort } from './leased-port.js';
import { type DemoUpstream, startDemoUpstream } from './upstream.js';

export interface Services {
  readonly idp: Idp;
  readonly upstream: DemoUpstream;
  /** An endpoint for JWTs. It also passes the `Token` credential of the MCP server through. */
  readonly files: string;
  /** An endpoint for opaque tokens. */
  readonly notes: string;
  readonly adminUrl: string;
  /** Explains a token at `files`, like `portcullis explain`. */
  readonly explainToken: ExplainToken;
  /** The reason code of the last request in the log. */
  lastReason(): string | undefined;
  stop(): Promise<void>;
}

export const SCOPE = 'demo:use';
const SECRET_NAME = 'DEMO_INTROSPECTION_SECRET';
/** One issuer, which issues JWTs for one endpoint and opaque tokens for the other. */
function configuration(port: number, idp: Idp, upstream: DemoUpstream): unknown {
  const { id } = idp.clients.introspection;
  return {
    publicUrl: `http://127.0.0.1:${port}`,
    listen: { port },
    admin: { port: 0 },
    issuers: {
      demo: {
        issuer: idp.issuer,
        introspection: { clientId: id, clientSecret: `\${env:${SECRET_NAME}}` },
      },
    },
    endpoints: [
      {
        path: '/files/mcp',
        issuers: ['demo'],
        upstream: upstream.url,
        scopes: [SCOPE],
        passThrough: [{ scheme: 'Token', upstreamVerifies: true, scopes: [SCOPE] }],
      },
      { path: '/notes/mcp', issuers: ['demo'], upstream: upstream.url, scopes: [SCOPE] },
    ],
  };
}

export async function startServices(): Promise<Services> {
  const idp = await startIdp({ scopes: [SCOPE], tokenTtl: 3600 });
  const upstream = await startDemoUpstream();
  /** The log of the gateway: the tour quotes it. */
  const lines: string[] = [];
  // The public URL contains the port, so the port comes before the gateway.
  const { port, release } = await leasePort();
  const config = resolveConfig(configuration(port, idp, upstream), {
    [SECRET_NAME]: idp.clients.introspection.secret,
  });
  const gateway: Gateway = await startGateway(config, {
    clock: systemClock,
    random: Math.random,
    destination: { write: (text) => void lines.push(...text.toString().trim().split('\n')) },
  });
  const files = `${config.publicUrl}/files/mcp`;
  const notes = `${config.publicUrl}/notes/mcp`;
  idp.addResource(files, 'jwt');
  idp.addResource(notes, 'opaque');
  return {
    idp,
    upstream,
    files,
    notes,
    explainToken: (token, tool) => {
      const endpoint = config.endpoints.find(({ resource }) => resource === files);
      if (endpoint === undefined) throw new Error('the demo has no such endpoint');
      return explainTokenFor(config, endpoint, () => {})(token, tool);
    },
    adminUrl: `http://127.0.0.1:${gateway.adminAddress.port}`,
    lastReason: () => (JSON.parse(lines.at(-1) ?? '{}') as { reason?: string }).reason,
    async stop() {
      await gateway.close(0);
      release();
      await upstream.stop();
      await idp.stop();
    },
  };
}
