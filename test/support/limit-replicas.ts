// Two gateways as processes of their own, replicas of one deployment, with one limit in one Redis.

import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { modern } from '../fixtures/messages.js';
import { type GatewayProcess, startProcess } from '../fixtures/process.js';
import { type RawResponse, rawRequest } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { configuredText, type SceneOptions } from '../fixtures/scene.js';

const DEPLOYMENT = 'https://mcp.example.com';

type Fields = Record<string, unknown>;

export interface Replicas {
  readonly gateways: readonly [GatewayProcess, GatewayProcess];
  /** A call of this subject at one of the two. */
  call(replica: 0 | 1, subject?: string): Promise<RawResponse>;
  /** The statuses of calls at the two in turn. */
  statuses(count: number, subject?: string): Promise<number[]>;
  /** `portcullis_limits_store_up` of each. */
  storeUp(): Promise<(number | undefined)[]>;
  /** The lines of this event of both logs. */
  lines(event: string): Fields[];
  stop(): Promise<void>;
}

/** `rate`: per principal, on /mcp. `limits`: of the root. */
export async function startReplicas(rate: Fields, limits: Fields, env: SceneOptions['env'] = {}): Promise<Replicas> {
  const issuer: JwksIssuer = await startJwksIssuer();
  const upstream: RawUpstream = await startRawUpstream(answers.rpc());
  const config = configuredText({
    publicUrl: DEPLOYMENT,
    logLevel: 'warn',
    issuers: { main: { issuer: issuer.issuer } },
    endpoints: [{ path: '/mcp', issuers: ['main'], upstream: `${upstream.url}/up`, limits: { perPrincipal: rate } }],
    limits,
  });
  const gateways = await Promise.all([startProcess({ config, env }), startProcess({ config, env })]);
  const tokens = new Map<string, string>();
  const tokenOf = (sub: string): string => {
    const token = tokens.get(sub) ?? issuer.token({ audience: `${DEPLOYMENT}/mcp`, claims: { sub } });
    tokens.set(sub, token);
    return token;
  };
  const replicas: Replicas = {
    gateways,
    call: (replica, subject = 'caller') =>
      rawRequest(
        gateways[replica].port,
        modern('tools/list', { token: tokenOf(subject), headers: [['Host', 'mcp.example.com']] }),
      ),
    async statuses(count, subject) {
      const found: number[] = [];
      for (let i = 0; i < count; i++) found.push((await replicas.call((i % 2) as 0 | 1, subject)).status);
      return found;
    },
    storeUp: () =>
      Promise.all(
        gateways.map(async (gateway) => {
          const value = /^portcullis_limits_store_up (\d)$/m.exec(await gateway.metrics())?.[1];
          return value === undefined ? undefined : Number(value);
        }),
      ),
    lines: (event) => gateways.flatMap((gateway) => gateway.logs().filter((line) => line.event === event)),
    async stop() {
      await Promise.all(gateways.map((gateway) => gateway.stop()));
      await Promise.all([issuer.stop(), upstream.stop()]);
    },
  };
  return replicas;
}
