// The part of a login after the identity provider: its answer becomes a code for the client
// (RFC 6749 section 4.1.2).
import type { ResolvedFacade } from '../../config/resolved-config.js';
import type { RequestHead } from '../../core/exchange.js';
import type { FacadeAnswer } from '../../core/facade-server.js';
import { queryOf, readParameters } from '../form.js';
import { loginAct } from './acts.js';
import {
  errorPage,
  type LoginError,
  loginRefusal,
  returnCode,
  returnError,
  unavailablePage,
} from './answers.js';
import type { Cookies } from './cookies.js';
import type { IdpPages } from './idp-pages.js';
import type { FacadeLimits } from './limits.js';
import { countPage } from './page-requests.js';
import { type FacadeTexts, LIVES, type LoginFacts } from './texts.js';

interface CallbackParts {
  readonly facade: ResolvedFacade;
  readonly texts: FacadeTexts;
  readonly cookies: Cookies;
  readonly idp: IdpPages;
  readonly limits: FacadeLimits;
}

const MAX_CODE_CHARACTERS = 4_096;

/** The errors of an identity provider that tell a client what to do. Others are `server_error`. */
const PASSED = new Map<string, LoginError>(
  (
    [
      'access_denied',
      'login_required',
      'consent_required',
      'interaction_required',
      'invalid_scope',
      'invalid_target',
      'temporarily_unavailable',
    ] as const
  ).map((error) => [error, error]),
);

const BEGIN_AGAIN = [
  'Please begin again',
  'This login was not begun in this browser, or it took too long. Go back to the app.',
] as const;

/** Some identity providers refuse each login that names no scope. */
const remedy = (facade: ResolvedFacade, { scopes }: LoginFacts): string =>
  facade.issued === null && facade.scopes.length === 0 && scopes.length === 0
    ? '; the login named no scope: if this happens each time, write scopes at the endpoint'
    : '';

export function createCallback({
  facade,
  texts,
  cookies,
  idp,
  limits,
}: CallbackParts): (
  head: RequestHead,
  body: Buffer,
  clientAddress: string,
) => Promise<FacadeAnswer> {
  const { issuer } = facade;
  const rejected = (detail: string): FacadeAnswer =>
    errorPage(...BEGIN_AGAIN, `callback: ${detail}`);

  /** The answer of the identity provider, for a login that this browser began. */
  async function finish(
    form: ReadonlyMap<string, string>,
    login: LoginFacts,
  ): Promise<FacadeAnswer> {
    const { browser: _browser, state, ...rest } = login;
    const { redirectUri } = login;
    const flaw = await idp.issuerFlaw(form.get('iss'));
    if (typeof flaw === 'string') return rejected(flaw);
    if (flaw !== null) return unavailablePage(flaw.detail);
    const to = { redirectUri, state };
    const error = form.get('error');
    if (error !== undefined) {
      const passed = PASSED.get(error) ?? 'server_error';
      const known = passed === error ? '' : ', with an error that clients do not know';
      const refusal = loginRefusal(passed, 'The identity provider did not log the person in');
      return returnError(
        to,
        issuer,
        refusal,
        `the identity provider refused${known}${remedy(facade, login)}`,
      );
    }
    const code = form.get('code') ?? '';
    if (code === '' || code.length > MAX_CODE_CHARACTERS) {
      const refusal = loginRefusal('server_error', 'The identity provider sent no usable code');
      return returnError(to, issuer, refusal);
    }
    return returnCode(to, issuer, texts.code.seal({ ...rest, code }, LIVES.code));
  }

  return async (head, _body, clientAddress) => {
    const read = readParameters(queryOf(head));
    if ('error' in read) return rejected('a repeated parameter');
    const { form } = read;
    const opened = texts.state.open(form.get('state') ?? '');
    if (!opened.ok) return rejected(`a state that is ${opened.flaw}`);
    const login = opened.value;
    if (cookies.read(head).id !== login.browser) return rejected('the login of another browser');
    // Any site can send a browser here, so only a login counts that this browser began here.
    const tooMany = countPage(limits, clientAddress);
    if (tooMany !== null) return tooMany;
    return { ...(await finish(form, login)), audited: loginAct('login', issuer, login) };
  };
}
