// The client's side of a login: the SDK's provider, and a browser that follows redirects.
import { followAuthorization } from '../../../../compiled/commands/demo/scripted-login.js';

const REDIRECT = 'http://127.0.0.1:9/callback';

/** An OAuthClientProvider in memory. `code` is the code that the browser brought. */
export function browser() {
  const kept = { logins: [] };
  const provider = {
    redirectUrl: REDIRECT,
    clientMetadata: {
      client_name: 'lab',
      redirect_uris: [REDIRECT],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    },
    clientInformation: () => kept.client,
    saveClientInformation: (client) => {
      kept.client = client;
    },
    tokens: () => kept.tokens,
    saveTokens: (tokens) => {
      kept.tokens = tokens;
    },
    saveCodeVerifier: (verifier) => {
      kept.verifier = verifier;
    },
    codeVerifier: () => kept.verifier,
    async redirectToAuthorization(url) {
      process.stderr.write(`login: scope=${url.searchParams.get('scope')}\n`);
      const { PERSON } = process.env;
      const start = PERSON === undefined ? url : PERSON + encodeURIComponent(url);
      const end = await followAuthorization(start, REDIRECT);
      if (end.searchParams.has('error')) throw new Error(`the login ended with ${end.search}`);
      kept.answer = end.searchParams;
    },
  };
  return {
    provider,
    get code() {
      return kept.answer;
    },
    /** The code, once. */
    take() {
      const { answer } = kept;
      kept.answer = undefined;
      return answer.get('code');
    },
    takeAnswer() {
      const { answer } = kept;
      kept.answer = undefined;
      return answer;
    },
  };
}

/** The transport's options: a login, or the bearer from TOKEN, or nothing. */
export function authorization(login) {
  if (login !== undefined) return { authProvider: login.provider };
  const { TOKEN } = process.env;
  return TOKEN === undefined
    ? {}
    : { requestInit: { headers: { authorization: `Bearer ${TOKEN}` } } };
}
