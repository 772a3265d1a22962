// Starts the services of the demo: an identity provider, an MCP server, and the gateway with two
// endpoints in front of it.
import type { ExplainToken } from '../../app/explain.js';
import { explainTokenFor } from '../explain-token.js';
import { type DemoGateway, startDemoGateway } from './demo-gateway.js';
import { type Idp, startIdp } from './idp.js';
import { type DemoUpstream, startDemoUpstream } from './upstream.js';

export interface Services extends Omit<DemoGateway, 'config'> {
  readonly idp: Idp;
  readonly upstream: DemoUpstream;
  /** An endpoint for JWTs. It also passes the `Token` credential of the MCP server through. */
  readonly files: string;
  /** An endpoint for opaque tokens. */
  readonly notes: string;
  /** Explains a token at `files`, like `portcullis explain`. */
  readonly explainToken: ExplainToken;
}

export const SCOPE = 'demo:use';
const SECRET_NAME = 'DEMO_INTROSPECTION_SECRET';
/** One issuer, which issues JWTs for one endpoint and opaque tokens for the other. */
const yamlFor = (port: number, idp: Idp, upstream: DemoUpstream): string => `\
publicUrl: http://127.0.0.1:${port}
listen: { port: ${port} }
admin: { port: 0 } # a free one
issuers:
  demo:
    issuer: ${idp.issuer}
    introspection: # for opaque tokens
      clientId: ${idp.clients.introspection.id}
      clientSecret: "\${env:${SECRET_NAME}}"
endpoints:
  - path: /files/mcp
    issuers: [demo]
    upstream: ${upstream.url}
    scopes: ["${SCOPE}"]
    passThrough: # for older clients with a credential of the MCP server
      - { scheme: Token, upstreamVerifies: true, scopes: ["${SCOPE}"] }
  - path: /notes/mcp
    issuers: [demo]
    upstream: ${upstream.url}
    scopes: ["${SCOPE}"]`;

/** Without `port` the gateway takes a free one. Rejects if it cannot listen on it. */
export async function startServices(port?: number): Promise<Services> {
  const idp = await startIdp({ scopes: [SCOPE], tokenTtl: 3600 });
  const upstream = await startDemoUpstream();
  const stopOthers = async (): Promise<void> => {
    await upstream.stop();
    await idp.stop();
  };
  const { config, ...gateway } = await startDemoGateway(
    (own) => yamlFor(own, idp, upstream),
    { [SECRET_NAME]: idp.clients.introspection.secret },
    port,
  ).catch(async (error: unknown) => {
    await stopOthers();
    throw error;
  });
  const files = `${config.publicUrl}/files/mcp`;
  const notes = `${config.publicUrl}/notes/mcp`;
  idp.addResource(files, 'jwt');
  idp.addResource(notes, 'opaque');
  return {
    ...gateway,
    idp,
    upstream,
    files,
    notes,
    explainToken: (token, tool) => {
      const endpoint = config.endpoints.find(({ resource }) => resource === files);
      if (endpoint === undefined) throw new Error('the demo has no such endpoint');
      return explainTokenFor(config, endpoint, () => {})(token, tool);
    },
    async stop() {
      await gateway.stop();
      await stopOthers();
    },
  };
}
