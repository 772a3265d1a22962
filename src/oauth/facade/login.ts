// The part of a login before the identity provider: the authorization endpoint, the consent page,
// and the way to the identity provider (RFC 6749 section 4.1.1).
import { randomUUID } from 'node:crypto';
import type { ResolvedFacade } from '../../config/resolved-config.js';
import { type RequestHead, singleHeader } from '../../core/exchange.js';
import type { FacadeAnswer } from '../../core/facade-server.js';
import { redirectPlace } from '../../core/redirect-uri.js';
import { queryOf, readForm } from '../form.js';
import { loginAct } from './acts.js';
import {
  errorPage,
  loginRefusal,
  page,
  redirect,
  returnError,
  unavailablePage,
} from './answers.js';
import { isAnswer, type ReadAuthorize } from './authorize-request.js';
import { type Cookies, consentKey, newBrowserId } from './cookies.js';
import type { IdpPages } from './idp-pages.js';
import { type AskedFacts, type FacadeTexts, LIVES } from './texts.js';

export interface LoginParts {
  readonly facade: ResolvedFacade;
  readonly texts: FacadeTexts;
  readonly cookies: Cookies;
  readonly readAuthorize: (query: string, clientAddress: string) => Promise<ReadAuthorize>;
  readonly idp: IdpPages;
}

export interface Login {
  /** GET of the authorization endpoint. */
  authorize(head: RequestHead, body: Buffer, clientAddress: string): Promise<FacadeAnswer>;
  /** POST of the form of the consent page. */
  consent(head: RequestHead, body: Buffer): Promise<FacadeAnswer>;
}

const FOREIGN_FORM = [
  'Please begin again',
  'This page does not belong to a login of this browser, or it is too old. Go back to the app.',
] as const;

export function createLogin({ facade, texts, cookies, readAuthorize, idp }: LoginParts): Login {
  const { issuer, scopes: ownScopes, parameters, sendResource, client } = facade;
  const { origin } = new URL(issuer);

  const issues = facade.issued !== null;

  /** All that the identity provider is asked for, and so all that a person has to agree to. */
  const withOwn = (scopes: readonly string[]): readonly string[] =>
    // The identity provider of a facade that issues tokens knows no scope of this server.
    issues ? scopes : [...new Set([...scopes, ...ownScopes])];

  async function toIdp(asked: AskedFacts, headers: readonly string[]): Promise<FacadeAnswer> {
    const { browser, redirectUri, state, resource, challenge, scopes } = asked;
    const found = await idp.authorizationEndpoint();
    if (typeof found !== 'string') return unavailablePage(found.detail);
    const { client: clientId } = asked;
    const asks = { browser, client: clientId, redirectUri, state, resource, challenge, scopes };
    const nonce = issues ? randomUUID() : null;
    const login = nonce === null ? asks : { ...asks, nonce };
    const all = issues ? ownScopes : withOwn(scopes);
    const url = new URL(found);
    const fields: Readonly<Record<string, string | null>> = {
      scope: all.length > 0 ? all.join(' ') : null,
      resource: sendResource ? resource : null,
      prompt: asked.prompt,
      ...parameters,
      // Last: no parameter of the operator takes their place.
      response_type: 'code',
      client_id: client.clientId,
      redirect_uri: facade.callback,
      state: texts.state.seal(login, LIVES.state),
      code_challenge: challenge,
      code_challenge_method: 'S256',
      nonce,
    };
    for (const [name, value] of Object.entries(fields))
      if (value !== null) url.searchParams.set(name, value);
    return redirect(url.href, headers);
  }

  return {
    async authorize(head, _body, clientAddress) {
      const request = await readAuthorize(queryOf(head), clientAddress);
      if (isAnswer(request)) return request;
      const { redirectUri, registeredUri, state, resource, scopes, challenge, prompt } = request;
      const { id, consents } = cookies.read(head);
      const browser = id ?? newBrowserId();
      const all = withOwn(scopes);
      const consent = consentKey(request.client.id, registeredUri, resource, all);
      const login = { browser, client: request.client.id, redirectUri, state, resource, challenge };
      const asked = { ...login, scopes, consent, prompt };
      const cookie = cookies.setBrowser(browser);
      const asksAgain = prompt?.split(' ').includes('consent') === true;
      if (consents.some(({ key }) => key === consent) && !asksAgain) return toIdp(asked, cookie);
      if (prompt === 'none')
        return returnError(
          { redirectUri, state },
          issuer,
          loginRefusal('consent_required', 'A person has to confirm this login'),
        );
      const { text, isLocal } = redirectPlace(redirectUri);
      return page(
        200,
        {
          kind: 'consent',
          clientName: request.client.facts.name,
          clientHost: request.client.host,
          place: text,
          isLocal,
          resource,
          scopes: all,
          action: `${issuer}/consent`,
          asked: texts.asked.seal(asked, LIVES.asked),
        },
        cookie,
      );
    },

    async consent(head, body) {
      // Browsers name the page of a form. The sealed field and the cookie are the proof.
      const from = singleHeader(head, 'origin');
      if (from === null || (from !== undefined && from !== origin))
        return errorPage(...FOREIGN_FORM, 'a consent form of another origin');
      const read = readForm(head, body);
      if ('error' in read) return errorPage(...FOREIGN_FORM, `consent: ${read.description}`);
      const opened = texts.asked.open(read.form.get('asked') ?? '');
      if (!opened.ok)
        return errorPage(...FOREIGN_FORM, `consent: a request that is ${opened.flaw}`);
      const asked = opened.value;
      const { id, consents } = cookies.read(head);
      if (id === null || id !== asked.browser)
        return errorPage(...FOREIGN_FORM, 'consent: the login of another browser');
      const shown = { ...asked, scopes: withOwn(asked.scopes) };
      const audited = loginAct('consent', issuer, shown);
      if (read.form.get('answer') !== 'allow') {
        const refusal = loginRefusal('access_denied', 'The person refused');
        return { ...returnError(asked, issuer, refusal), audited };
      }
      const headers = [...cookies.setBrowser(id), ...cookies.setConsent(asked.consent, consents)];
      return { ...(await toIdp(asked, headers)), audited };
    },
  };
}
