// The demo's real parts: an identity provider, an MCP server, and the gateway with two endpoints before it.
import { type Gateway, startGateway } from '../../app/app.js';
import { createExplainToken } from '../../app/explain.js';
import { resolveConfig } from '../../config/load.js';
import type { Explanation } from '../../core/explanation.js';
import { systemClock } from '../clock.js';
import { type Idp, startIdp } from './idp.js';
import { listenLoopback } from './loopback.js';
import { type DemoUpstream, startDemoUpstream } from './upstream.js';

export interface Parts {
  readonly idp: Idp;
  readonly upstream: DemoUpstream;
  /** Its tokens are JWTs; it also takes the upstream's own `Token` callers. */
  readonly files: string;
  /** Its tokens are opaque. */
  readonly notes: string;
  readonly adminUrl: string;
  /** What `explain` says of a token at `files`. */
  examineToken(token: string): Promise<Explanation>;
  /** The reason code of the request logged last. */
  lastReason(): string | undefined;
  stop(): Promise<void>;
}

export const SCOPE = 'demo:use';

async function freePort(): Promise<number> {
  const { port, close } = await listenLoopback(() => {});
  await close();
  return port;
}

/** One issuer, so that a JWT and an opaque token of the same login server stand side by side. */
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

const SECRET_NAME = 'DEMO_INTROSPECTION_SECRET';

export async function startParts(): Promise<Parts> {
  const idp = await startIdp({ scopes: [SCOPE], tokenTtl: 3600 });
  const upstream = await startDemoUpstream();
  const port = await freePort();
  const plan = resolveConfig(configuration(port, idp, upstream), {
    [SECRET_NAME]: idp.clients.introspection.secret,
  });
  const lines: string[] = [];
  // The gateway's log goes here: the tour tells of a request what its line tells.
  const destination = {
    write: (text: Buffer) => void lines.push(...text.toString().trim().split('\n')),
  };
  const gateway: Gateway = await startGateway(plan, {
    clock: systemClock,
    random: Math.random,
    destination,
  });
  const files = `${plan.publicUrl}/files/mcp`;
  const notes = `${plan.publicUrl}/notes/mcp`;
  idp.addResource(files, 'jwt');
  idp.addResource(notes, 'opaque');
  return {
    idp,
    upstream,
    files,
    notes,
    examineToken: (token) => {
      const endpoint = plan.endpoints.find(({ resource }) => resource === files);
      if (endpoint === undefined) throw new Error('no such endpoint');
      const clock = systemClock;
      const notify = (): void => {};
      const random = Math.random;
      return createExplainToken({ config: plan, endpoint, clock, random, notify })(token, null);
    },
    adminUrl: `http://127.0.0.1:${gateway.adminAddress.port}`,
    lastReason: () => (JSON.parse(lines.at(-1) ?? '{}') as { reason?: string }).reason,
    async stop() {
      await gateway.close(0);
      await upstream.stop();
      await idp.stop();
    },
  };
}
