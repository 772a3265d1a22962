// A small server with the shapes of answers that the documentation of GitHub shows for OAuth apps,
// for `GET /user` and for their errors. It is not GitHub, and nothing here was recorded there.
import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { secret } from '../fixtures/ledger.js';
import { startServer } from '../fixtures/ports.js';

export const APP = { id: 'Ov23li0123456789abcd', secret: randomBytes(20).toString('hex') };

type Login = { challenge: string; redirectUri: string };

export type GithubServer = {
  issuer: string;
  /** Paths of the requests of the gateway. */
  requests: string[];
  /** The account, or the answer of `GET /user` in its place. */
  user: { login: string; id: number } | { status: number; headers?: Record<string, string>; body: object };
  /** Another answer of the token endpoint. */
  tokenError: { error: string; error_description: string } | null;
  stop(): Promise<void>;
};

const bodyOf = async (req: IncomingMessage): Promise<URLSearchParams> => {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return new URLSearchParams(Buffer.concat(chunks).toString());
};

export async function startGithubServer(): Promise<GithubServer> {
  secret('whole', APP.secret);
  const logins = new Map<string, Login>();
  const accessTokens = new Set<string>();

  const json = (res: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void => {
    res.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers }).end(JSON.stringify(body));
  };

  function authorize(url: URL, res: ServerResponse): void {
    const fields = url.searchParams;
    const code = randomBytes(10).toString('hex');
    secret('whole', code);
    logins.set(code, { challenge: fields.get('code_challenge') ?? '', redirectUri: fields.get('redirect_uri') ?? '' });
    const back = new URL(fields.get('redirect_uri') ?? '');
    back.searchParams.set('code', code);
    back.searchParams.set('state', fields.get('state') ?? '');
    res.writeHead(302, { location: back.href }).end();
  }

  async function accessToken(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const form = await bodyOf(req);
    const login = logins.get(form.get('code') ?? '');
    logins.delete(form.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    const isOwn = form.get('client_id') === APP.id && form.get('client_secret') === APP.secret;
    const isGood = login?.challenge === challenge && login.redirectUri === form.get('redirect_uri');
    const wrong = {
      error: 'incorrect_client_credentials',
      error_description: 'The client_id and/or client_secret passed are incorrect.',
    };
    const bad = { error: 'bad_verification_code', error_description: 'The code passed is incorrect or expired.' };
    const error = server.tokenError ?? (isOwn ? (isGood ? null : bad) : wrong);
    const token = `gho_${randomBytes(18).toString('hex')}`;
    secret('whole', token);
    if (error === null) accessTokens.add(token);
    // An error comes with 200 too.
    const answer = error ?? { access_token: token, scope: '', token_type: 'bearer' };
    if (req.headers.accept?.includes('application/json')) return json(res, 200, answer);
    res.writeHead(200, { 'content-type': 'application/x-www-form-urlencoded' }).end(new URLSearchParams(answer).toString());
  }

  function user(req: IncomingMessage, res: ServerResponse): void {
    if (req.headers['user-agent'] === undefined) return void res.writeHead(403).end('Request forbidden by administrative rules.');
    const token = /^Bearer (.+)$/.exec(req.headers.authorization ?? '')?.[1] ?? '';
    if (!accessTokens.has(token)) return json(res, 401, { message: 'Bad credentials', status: '401' });
    if ('status' in server.user) return json(res, server.user.status, server.user.body, server.user.headers);
    json(res, 200, {
      ...server.user,
      node_id: 'MDQ6VXNlcjE=',
      type: 'User',
      site_admin: false,
      name: 'monalisa octocat',
      email: null,
    });
  }

  const listening = await startServer((req, res) => {
    const url = new URL(req.url ?? '/', 'http://127.0.0.1');
    if (url.pathname === '/login/oauth/authorize') return authorize(url, res);
    server.requests.push(`${req.method} ${url.pathname}`);
    if (url.pathname === '/login/oauth/access_token') return void accessToken(req, res).catch(() => res.destroy());
    if (url.pathname === '/api/v3/user') return user(req, res);
    json(res, 404, { message: 'Not Found' });
  });
  const server: GithubServer = {
    issuer: `${listening.url}/login/oauth`,
    requests: [],
    user: { login: 'octocat', id: 583231 },
    tokenError: null,
    stop: () => listening.close(),
  };
  return server;
}
