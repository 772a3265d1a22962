// Logs in with a client id and its secret (RFC 6749 section 4.4), as programs do without a browser.
// Never sends the secret to another origin than that of the URL that the operator typed.
import { isObject } from '../../core/json.js';
import { isProtectedUrl } from '../../core/loopback.js';
import { fail, type Observation, ok, skipped } from './check.js';
import { withFirstServer } from './checks-issuer.js';
import { describeOutcome, type JsonObject } from './document.js';
import { createInspection, type Inspection } from './inspection.js';
import { header, type Outcome, sendRequest } from './request.js';
import { shorten } from './shorten.js';
import type { Target } from './target.js';

export interface ClientSecret {
  readonly clientId: string;
  readonly secret: string;
}

export interface Login {
  /** Null: the login gave no token. */
  readonly token: string | null;
  readonly login: Observation;
}

const without = (login: Observation): Login => ({ token: null, login });

/** RFC 6749 section 2.3.1: the id and the secret are form-encoded before they are joined. */
const encoded = (text: string): string => new URLSearchParams({ x: text }).toString().slice(2);

function requestToken(
  { clientId, secret }: ClientSecret,
  endpoint: string,
  methods: unknown,
  resource: string,
): Promise<Outcome> {
  const usesPost =
    Array.isArray(methods) &&
    !methods.includes('client_secret_basic') &&
    methods.includes('client_secret_post');
  const basic = Buffer.from(`${encoded(clientId)}:${encoded(secret)}`).toString('base64');
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    resource,
    ...(usesPost ? { client_id: clientId, client_secret: secret } : {}),
  });
  return sendRequest({
    url: endpoint,
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
      ...(usesPost ? {} : { authorization: `Basic ${basic}` }),
    },
    body: body.toString(),
  });
}

function jsonOf(outcome: Outcome): JsonObject {
  if (outcome.kind !== 'response') return {};
  try {
    const json: unknown = JSON.parse(outcome.text);
    return isObject(json) ? json : {};
  } catch {
    return {};
  }
}

const FIXES: Readonly<Record<string, string>> = {
  invalid_client:
    'compare the client id and the secret. The secret of a bridge is an API key. Its id is the ' +
    'name of that key, or the one id that the operator chose',
  invalid_target: 'let resource in the metadata be one that the authorization server knows',
  unauthorized_client: 'allow this client the grant client_credentials',
  unsupported_grant_type: 'enable client_credentials, or get a token in another way',
};

const RETRY = 'wait, then run the doctor again';

function rejection(outcome: Outcome): Login {
  const { error, error_description: description } = jsonOf(outcome);
  const words = [error, description].filter((one) => typeof one === 'string').join(': ');
  const got = `the token endpoint got ${describeOutcome(outcome)}`;
  const observed = words === '' ? got : `${got} (${shorten(words, 120)})`;
  const isLimit = outcome.kind === 'response' && [429, 503].includes(outcome.status);
  const after = outcome.kind === 'response' ? header(outcome, 'retry-after') : '';
  if (isLimit) return without(fail(observed, after === '' ? RETRY : `${RETRY}, in ${after} s`));
  const fix = typeof error === 'string' && Object.hasOwn(FIXES, error) ? FIXES[error] : undefined;
  return without(fail(observed, fix));
}

async function logInAt(
  inspection: Inspection,
  client: ClientSecret,
  { token_endpoint: endpoint, token_endpoint_auth_methods_supported: methods }: JsonObject,
): Promise<Login> {
  const { url, target, metadata } = inspection;
  if (typeof endpoint !== 'string' || !URL.canParse(endpoint))
    return without(fail('the metadata of the authorization server has no token_endpoint'));
  if (!isProtectedUrl(endpoint))
    return without(fail(`the doctor sends no secret to ${endpoint}: it is not https`));
  if (new URL(endpoint).origin !== url.origin)
    return without(
      skipped(
        `the doctor sends the secret to the origin of the URL only, and the token endpoint is ` +
          `${endpoint}: get a token there, and set PORTCULLIS_TOKEN`,
      ),
    );
  const resource = String((await metadata())?.resource ?? target.url);
  const outcome = await requestToken(client, endpoint, methods, resource);
  const { access_token: token, token_type: type, expires_in: seconds } = jsonOf(outcome);
  if (outcome.kind !== 'response' || outcome.status !== 200) return rejection(outcome);
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token))
    return without(fail('the token endpoint got 200 without access_token'));
  if (typeof type !== 'string' || type.toLowerCase() !== 'bearer')
    return without(fail(`token_type is ${String(type)}, not Bearer`));
  const life = typeof seconds === 'number' ? ` for ${seconds} s` : '';
  return { token, login: ok(`${endpoint} issued a token${life}`) };
}

/** Sends one request with the secret at most. A wrong secret counts as a guess at many servers. */
export async function logIn(given: Target, client: ClientSecret): Promise<Login> {
  const inspection = createInspection({ ...given, token: null });
  let found: JsonObject | null = null;
  const observation = await withFirstServer(inspection, (json) => {
    found = json;
    return ok('');
  });
  return found === null ? without(observation) : logInAt(inspection, client, found);
}
