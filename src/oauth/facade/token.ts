// The token endpoint and the revocation endpoint of the facade. It opens what it sealed, and asks
// the identity provider (RFC 6749 sections 4.1.3 and 6, RFC 7009).
import type { ResolvedFacade } from '../../config/resolved-config.js';
import type { RequestHead } from '../../core/exchange.js';
import type { FacadeAnswer } from '../../core/facade-server.js';
import { grantRefused } from '../../core/failures.js';
import type { Notify } from '../../core/notice.js';
import { ok } from '../../core/result.js';
import { limited, type Refusal, refusal, unavailable } from '../answers.js';
import { type Form, readForm, readScopes } from '../form.js';
import type { FindResource } from '../known-resources.js';
import { grantAct } from './acts.js';
import { json } from './answers.js';
import type { Clients, KnownClient } from './clients.js';
import type { IdpTokenEndpoints, IdpTokens } from './idp-tokens.js';
import type { Issuance } from './issued.js';
import type { FacadeLimits } from './limits.js';
import { type FacadeTexts, hashOf, type Login } from './texts.js';

interface TokenParts {
  readonly facade: ResolvedFacade;
  readonly texts: FacadeTexts;
  readonly clients: Clients;
  /** The endpoints behind the facade. */
  readonly findResource: FindResource;
  readonly endpoints: IdpTokenEndpoints;
  readonly limits: FacadeLimits;
  readonly notify: Notify;
  /** Null: clients get the tokens of the identity provider. */
  readonly issuance: Issuance | null;
}

export interface TokenPages {
  token(head: RequestHead, body: Buffer, clientAddress: string): Promise<FacadeAnswer | Refusal>;
  revoke(head: RequestHead, body: Buffer, clientAddress: string): Promise<FacadeAnswer | Refusal>;
}

/** A grant that was proven: the form for the identity provider. */
interface Proven {
  readonly form: URLSearchParams;
  readonly resource: string;
  /** Those that a person or the identity provider has agreed to. */
  readonly scopes: readonly string[];
  /** True: the client got a token before. */
  readonly isKnown: boolean;
  /** Names the login or the refresh token for its limit. */
  readonly name: string;
  /** Those that a refresh names. Empty: all. */
  readonly narrowed: readonly string[];
  /** Empty in mode `pass`. */
  readonly nonce: string;
  readonly login: Login | null;
  /** A token that the client has sealed, in place of an answer to the form. */
  readonly held: IdpTokens | null;
}

const NO_TOKENS = { refreshToken: null, expiresIn: null, scope: null, idToken: null };

const OF_ANOTHER = 'the refresh token of another client';
/** RFC 7636 section 4.1. */
const VERIFIER = /^[A-Za-z0-9\-._~]{43,128}$/;

const invalidGrant = (detail: string): Refusal =>
  refusal('invalid_grant', 'The grant is not valid for this client', detail);

export function createTokenPages({
  facade,
  texts,
  clients,
  findResource,
  endpoints,
  limits,
  notify,
  issuance,
}: TokenParts): TokenPages {
  const { issuer, callback, sendResource, scopes: ownScopes } = facade;
  const target = (resource: string) => (sendResource ? { resource } : {});

  /** A client may name the resource again, and no other one. */
  const rejectResources = (named: ReadonlySet<string>, resource: string): Refusal | null => {
    const same = (one: string): boolean =>
      one === resource || findResource(one)?.resource === resource;
    return [...named].every(same)
      ? null
      : refusal('invalid_target', 'The login was for another resource');
  };

  function proveCode({ form, resources }: Form, client: KnownClient): Proven | Refusal {
    const opened = texts.code.open(form.get('code') ?? '');
    if (!opened.ok) return invalidGrant(`a code that is ${opened.flaw}`);
    const { code, redirectUri, resource, challenge, scopes, nonce = '' } = opened.value;
    if (opened.value.client !== client.id) return invalidGrant('the code of another client');
    if (form.get('redirect_uri') !== redirectUri) return invalidGrant('another redirect_uri');
    const verifier = form.get('code_verifier') ?? '';
    if (!VERIFIER.test(verifier) || hashOf(verifier) !== challenge)
      return invalidGrant('a code_verifier that does not fit');
    const rejection = rejectResources(resources, resource);
    if (rejection !== null) return rejection;
    return {
      form: new URLSearchParams({
        grant_type: 'authorization_code',
        code,
        redirect_uri: callback,
        code_verifier: verifier,
        ...target(resource),
      }),
      resource,
      scopes,
      isKnown: false,
      // One login can have many codes: a client that has its state makes them.
      name: `${client.id} ${challenge}`,
      narrowed: [],
      nonce,
      login: null,
      held: null,
    };
  }

  function proveRefresh({ form, resources }: Form, client: KnownClient): Proven | Refusal {
    const opened = texts.refresh.open(form.get('refresh_token') ?? '');
    if (!opened.ok) return invalidGrant(`a refresh token that is ${opened.flaw}`);
    const { token, resource, login = null } = opened.value;
    if (opened.value.client !== client.id) return invalidGrant(OF_ANOTHER);
    const rejection = rejectResources(resources, resource);
    if (rejection !== null) return rejection;
    const scopes = readScopes(form);
    if ('error' in scopes) return scopes;
    // Some identity providers let a refresh token grow: all that the gateway may have.
    const known = new Set([...opened.value.scopes, ...(issuance === null ? ownScopes : [])]);
    if (!scopes.every((scope) => known.has(scope)))
      return refusal('invalid_scope', 'Log in again for a scope that the login did not have');
    return {
      form: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: token,
        ...(scopes.length > 0 && issuance === null ? { scope: scopes.join(' ') } : {}),
        ...target(resource),
      }),
      resource,
      scopes: opened.value.scopes,
      isKnown: true,
      name: hashOf(token),
      narrowed: scopes,
      nonce: login?.nonce ?? '',
      login,
      held: login?.isAccess === true ? { ...NO_TOKENS, accessToken: token } : null,
    };
  }

  const PROOFS = new Map([
    ['authorization_code', proveCode],
    ['refresh_token', proveRefresh],
  ]);

  function answerWith(tokens: IdpTokens, client: KnownClient, proven: Proven): FacadeAnswer {
    const { accessToken, refreshToken, expiresIn, scope } = tokens;
    const { resource, isKnown } = proven;
    const granted = isKnown || scope === null ? [] : scope.split(' ');
    const scopes = [...new Set([...proven.scopes, ...granted])];
    const refresh = { token: refreshToken ?? '', client: client.id, resource, scopes };
    return json(200, {
      access_token: accessToken,
      token_type: 'Bearer',
      ...(expiresIn === null ? {} : { expires_in: expiresIn }),
      ...(scope === null ? {} : { scope }),
      // Without an end: the identity provider decides how long it is good.
      ...(refreshToken === null ? {} : { refresh_token: texts.refresh.seal(refresh, null) }),
    });
  }

  /** The answer for the client, once the identity provider has answered. */
  async function answerTo(
    tokens: IdpTokens,
    client: KnownClient,
    proven: Proven,
  ): Promise<FacadeAnswer | Refusal> {
    if (issuance === null) return answerWith(tokens, client, proven);
    const endpoint = findResource(proven.resource);
    if (endpoint === null) return invalidGrant('a resource that is not served any more');
    const issued = await issuance.issue(tokens, { ...proven, endpoint, client: client.id });
    return issued.ok ? issued.value : unavailable(issued.cause, issued.detail);
  }

  return {
    async token(head, body, clientAddress) {
      const read = readForm(head, body);
      if ('error' in read) return read;
      const grantType = read.form.get('grant_type') ?? '';
      const prove = PROOFS.get(grantType);
      if (prove === undefined)
        return refusal(
          'unsupported_grant_type',
          'Only authorization_code and refresh_token are supported',
        );
      const client = clients.authenticate(head, read.form);
      if ('error' in client) return client;
      const proven = prove(read, client);
      if ('error' in proven) return proven;
      const { form, resource, isKnown, name } = proven;
      const waitMs = limits.takeGrant(name);
      if (waitMs > 0) return limited(waitMs, `too many requests with one ${grantType}`);
      const { held } = proven;
      const answered = held ? ok(held) : await endpoints.token(form, isKnown, client.id);
      if (!answered.ok) return unavailable(answered.cause, answered.detail);
      const { value } = answered;
      if ('error' in value)
        return { ...value, detail: `the identity provider refused the ${grantType}` };
      const answer = await answerTo(value, client, proven);
      if ('error' in answer || answer.failure !== null) return answer;
      const fields = { clientAddress, resource: [resource], grantType };
      notify({ event: 'facade.granted', level: 'info', issuer, ...fields });
      const about = { client: client.id, resource, scopes: proven.scopes };
      const audited = grantAct(isKnown ? 'refresh' : 'token', issuer, about);
      return { ...answer, audited };
    },

    async revoke(head, body, clientAddress) {
      const read = readForm(head, body);
      if ('error' in read) return read;
      const client = clients.authenticate(head, read.form);
      if ('error' in client) return client;
      const token = read.form.get('token');
      if (token === undefined) return refusal('invalid_request', 'token is missing');
      const opened = texts.refresh.open(token);
      // Nothing shows whose a text is that is not sealed here, such as an access token.
      if (!opened.ok)
        return refusal(
          'unsupported_token_type',
          'Revoke the refresh token',
          `a token that is ${opened.flaw}`,
        );
      const { token: idpToken, client: owner, resource, scopes, login } = opened.value;
      // Like an unknown token, one of another client gets 200 (RFC 7009 section 2.2).
      if (owner !== client.id)
        return { ...json(200, {}), failure: grantRefused({ detail: OF_ANOTHER }) };
      const waitMs = limits.take('revocation', clientAddress);
      if (waitMs > 0) return limited(waitMs, 'too many revocations of one address');
      const hint = login?.isAccess === true ? 'access_token' : 'refresh_token';
      const form = new URLSearchParams({ token: idpToken, token_type_hint: hint });
      const answered = await endpoints.revoke(form, client.id);
      if (!answered.ok) return unavailable(answered.cause, answered.detail);
      const audited = grantAct('revocation', issuer, { client: owner, resource, scopes });
      return { ...json(200, {}), audited };
    },
  };
}
