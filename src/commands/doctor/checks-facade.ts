// Walks a facade of this gateway as a client does: registration, the consent page, and a login with
// a wrong end. The facade stores nothing, so the registration leaves nothing behind. The doctor
// registers at no other authorization server.
import { randomBytes } from 'node:crypto';
import { isObject } from '../../core/json.js';
import { type Check, fail, type Observation, ok, skipped, warn } from './check.js';
import { metadataUrlsOf } from './checks-issuer.js';
import { CLIENT_NAME } from './client-name.js';
import { describeOutcome, type JsonObject } from './document.js';
import type { Inspection } from './inspection.js';
import {
  type HttpResponse,
  hasStatus,
  header,
  headerValues,
  isHtml,
  type Outcome,
  sendRequest,
} from './request.js';

/** The path of a facade: `/oauth/` and the name of its issuer in the configuration. */
const FACADE_PATH = /^\/oauth\/[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/;
const RETURN_TO = 'http://127.0.0.1/callback';
/** A name that no host can have (RFC 6761 section 6.4). */
const FOREIGN = `https://${CLIENT_NAME}.invalid/callback`;
const NO_FACADE = 'no authorization server at this origin is a facade of this gateway';
const NO_CLIENT = 'there is no client, because the registration failed';
const PASS_ON = 'let the proxies pass every path below /oauth/ to the gateway, unchanged';

interface Facade {
  readonly issuer: string;
  readonly json: JsonObject;
  /** The answer of the URL of RFC 8414, which clients ask first. Null: the document. */
  readonly problem: string | null;
}

/** Remembers each result of an inspection, so that the doctor sends each request once. */
function onceFor<T>(run: (inspection: Inspection) => Promise<T>) {
  const results = new WeakMap<Inspection, Promise<T>>();
  return (inspection: Inspection): Promise<T> => {
    const result = results.get(inspection) ?? run(inspection);
    results.set(inspection, result);
    return result;
  };
}

/** True where the document is that of a facade, and not of a server that has the same path. */
const isOfFacade = (json: JsonObject, issuer: string): boolean =>
  json.registration_endpoint === `${issuer}/register` && json.jwks_uri === `${issuer}/jwks`;

/** Null: the metadata names none at the origin of the MCP server. */
const findFacade = onceFor(async (inspection): Promise<Facade | null> => {
  for (const issuer of await inspection.authorizationServers()) {
    const { origin, pathname } = new URL(issuer);
    if (origin !== inspection.url.origin || !FACADE_PATH.test(pathname)) continue;
    let problem: string | null = null;
    for (const location of metadataUrlsOf(issuer)) {
      const document = await inspection.document(location);
      const { json } = document;
      if (json !== null && isOfFacade(json, issuer)) return { issuer, json, problem };
      problem ??= `GET ${location} got ${json === null ? document.problem : 'another document'}`;
    }
  }
  return null;
});

/** Registers as an app on the computer of a person does. */
const register = onceFor(async (inspection): Promise<Outcome | null> => {
  const facade = await findFacade(inspection);
  if (facade === null) return null;
  return sendRequest({
    url: `${facade.issuer}/register`,
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({
      client_name: CLIENT_NAME,
      redirect_uris: [RETURN_TO],
      token_endpoint_auth_method: 'none',
    }),
  });
});

function memberOf({ text }: HttpResponse, name: string): string | null {
  try {
    const json: unknown = JSON.parse(text);
    const value = isObject(json) ? json[name] : undefined;
    return typeof value === 'string' && value !== '' ? value : null;
  } catch {
    return null;
  }
}

/** The page of a login with this redirect URI. A text: why there is none. */
async function loginPage(inspection: Inspection, redirectUri: string): Promise<Outcome | string> {
  const facade = await findFacade(inspection);
  const registered = await register(inspection);
  if (facade === null || registered === null) return NO_FACADE;
  const clientId = registered.kind === 'response' ? memberOf(registered, 'client_id') : null;
  if (clientId === null) return NO_CLIENT;
  const url = new URL(`${facade.issuer}/authorize`);
  const { resource } = (await inspection.metadata()) ?? {};
  const fields = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    state: CLIENT_NAME,
    code_challenge: randomBytes(32).toString('base64url'),
    code_challenge_method: 'S256',
    resource: typeof resource === 'string' ? resource : inspection.target.url,
  };
  for (const [name, value] of Object.entries(fields)) url.searchParams.set(name, value);
  return sendRequest({ url: url.href, headers: { accept: 'text/html' } });
}

function evaluateRegistration(outcome: Outcome): Observation {
  const observed = `POST got ${describeOutcome(outcome)}`;
  if (hasStatus(outcome, 429))
    return warn(observed, 'wait a minute: 60 clients of a network register in a minute');
  if (outcome.kind !== 'response') return fail(observed, PASS_ON);
  const error = memberOf(outcome, 'error');
  if (error === 'invalid_redirect_uri')
    return warn(
      `${observed} (${error}): it allows no app on the computer of a person`,
      'add http://127.0.0.1 to redirectUris of the facade, unless only hosted clients log in',
    );
  if (error === 'temporarily_unavailable')
    return fail(
      `${observed} (${error})`,
      'read the log of the gateway: oauth.unavailable says why',
    );
  if (outcome.status !== 201 || memberOf(outcome, 'client_id') === null)
    return fail(error === null ? observed : `${observed} (${error})`, PASS_ON);
  return ok('POST got 201 with a client id');
}

const HEADERS_FIX =
  'let the proxies keep the headers of the page as they are: Content-Security-Policy, ' +
  'X-Frame-Options and Set-Cookie';

function evaluatePage(outcome: Outcome): Observation {
  const observed = `GET got ${describeOutcome(outcome)}`;
  if (hasStatus(outcome, 414) || hasStatus(outcome, 431))
    return fail(observed, 'let the proxies accept URLs of 8 KB: a client id is long');
  if (hasStatus(outcome, 429)) return warn(observed, 'wait a minute, and run the doctor again');
  if (outcome.kind !== 'response') return fail(observed, PASS_ON);
  if (outcome.status === 503)
    return fail(observed, 'read the log of the gateway: oauth.unavailable says why');
  if (outcome.status !== 200 || !isHtml(outcome) || !outcome.text.includes('<form'))
    return fail(observed, PASS_ON);
  const policy = header(outcome, 'content-security-policy');
  if (!policy.includes("default-src 'none'") || !policy.includes("frame-ancestors 'none'"))
    return fail('the page came without its Content-Security-Policy', HEADERS_FIX);
  if (header(outcome, 'x-frame-options').toUpperCase() !== 'DENY')
    return fail('the page came without X-Frame-Options: DENY', HEADERS_FIX);
  const cookies = headerValues(outcome, 'set-cookie');
  if (!cookies.some((cookie) => cookie.startsWith('__Host-login-')))
    return fail('the page came without the cookie of the login', HEADERS_FIX);
  return ok('GET got 200 with the consent page, which no other page can frame');
}

function evaluateForeign(outcome: Outcome): Observation {
  const observed = `GET got ${describeOutcome(outcome)}`;
  if (outcome.kind === 'response' && header(outcome, 'location') !== '')
    return fail(
      `${observed}: anyone can send people from here to another site`,
      'update the gateway; if a proxy makes the redirect, remove its rule for errors',
    );
  if (hasStatus(outcome, 429)) return warn(observed, 'wait a minute, and run the doctor again');
  return outcome.kind === 'response' && outcome.status === 400 && isHtml(outcome)
    ? ok('GET got 400 with a page, and no redirect')
    : fail(observed, `${PASS_ON}, and its answers unchanged to the client`);
}

export const facadeChecks: readonly Check[] = [
  {
    name: 'facade metadata',
    expected: 'the document at its well-known path, with S256 and clients without a secret',
    fix: 'let the proxies pass the well-known paths to the gateway, and do not change the document',
    requirement: 'RFC 8414 section 3',
    async probe(inspection) {
      const facade = await findFacade(inspection);
      if (facade === null) return skipped(NO_FACADE);
      const { json, problem, issuer } = facade;
      if (problem !== null) return fail(problem);
      if (json.issuer !== issuer) return fail(`its issuer is ${String(json.issuer)}`);
      const has = (name: string, value: string): boolean => {
        const list = json[name];
        return Array.isArray(list) && list.includes(value);
      };
      if (!has('code_challenge_methods_supported', 'S256')) return fail('it has no S256');
      return has('token_endpoint_auth_methods_supported', 'none')
        ? ok(`found for ${issuer}`)
        : fail('it takes no clients without a secret');
    },
  },
  {
    name: 'facade registration',
    expected: 'a client of this computer can register',
    fix: PASS_ON,
    requirement: 'RFC 7591 section 3.2.1',
    async probe(inspection) {
      const outcome = await register(inspection);
      return outcome === null ? skipped(NO_FACADE) : evaluateRegistration(outcome);
    },
  },
  {
    name: 'facade login page',
    expected: 'the consent page with its policy, its cookie, and no framing',
    fix: HEADERS_FIX,
    requirement: 'MCP security best practices, confused deputy',
    async probe(inspection) {
      const outcome = await loginPage(inspection, RETURN_TO);
      return typeof outcome === 'string' ? skipped(outcome) : evaluatePage(outcome);
    },
  },
  {
    name: 'facade return address',
    expected: 'a page and no redirect for a redirect URI that the client did not register',
    fix: 'update the gateway',
    requirement: 'RFC 6749 section 4.1.2.1',
    async probe(inspection) {
      const outcome = await loginPage(inspection, FOREIGN);
      return typeof outcome === 'string' ? skipped(outcome) : evaluateForeign(outcome);
    },
  },
];
