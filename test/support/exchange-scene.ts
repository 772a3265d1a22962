// A gateway whose endpoint exchanges tokens at a server that a test can break, beside one that
// forwards nothing.
import { type Answer, answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { ENV_SECRET, type Scene, type SceneOptions, startScene } from '../fixtures/scene.js';
import { BACKEND, formOf, issuedAnswer, issuedJwt } from './exchanging.js';

type Fields = Record<string, unknown>;

export type ExchangeScene = Scene & {
  /** The token endpoint. */
  server: RawUpstream;
  /** The subjects whose tokens it exchanged, in order. */
  exchanged(): unknown[];
};

const claimsOf = (token: string | undefined): Fields =>
  JSON.parse(Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString()) as Fields;

const subjectOf = (request: RawUpstream['requests'][number]): unknown =>
  claimsOf(new Map(formOf(request)).get('subject_token')).sub;

/**
 * Issues a token whose claim `who` is the subject of the exchanged one. Unlike `sub`, it shares no
 * piece with the token of the caller.
 */
export const exchangingAnswer =
  (changes: Fields = {}, claims: Fields = {}): Answer =>
  async (exchange) => {
    await answers.bodyOf(exchange);
    const access_token = issuedJwt({ who: subjectOf(exchange.request), ...claims });
    await answers.json(issuedAnswer({ access_token, ...changes }))(exchange);
  };

export async function startExchangeScene(credential: Fields = {}, options: SceneOptions = {}): Promise<ExchangeScene> {
  const server = await startRawUpstream(exchangingAnswer(), 'issuer');
  const tokenUrl = `${server.url}/token`;
  const usual = { kind: 'exchange', tokenUrl, audience: BACKEND, clientId: 'portcullis', clientSecret: ENV_SECRET };
  const scene = await startScene({
    env: { SECRET: 'exchange-client-secret' },
    more: [{ path: '/plain/mcp', scopes: ['files:read'] }],
    ...options,
    upstream: { credential: { ...usual, ...credential }, ...options.upstream },
  });
  return {
    ...scene,
    server,
    exchanged: () => server.requests.map(subjectOf),
    async stop() {
      await scene.stop();
      await server.stop();
    },
  };
}

/** The credential that the upstream got: the claims of the JWT, or null for none. */
export function presentedTo(upstream: RawUpstream, at = -1): Fields | null {
  const authorization = upstream.requests.at(at)?.header('authorization');
  return authorization === undefined ? null : claimsOf(authorization.slice('Bearer '.length));
}
