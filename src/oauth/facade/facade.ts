// The facade: an authorization server in front of an identity provider at which clients cannot
// register. It stores nothing: its memory is sealed, and with the client or the browser.
import type { ResolvedFacade } from '../../config/resolved-config.js';
import type { Clock } from '../../core/clock.js';
import type { Endpoint } from '../../core/endpoint.js';
import { type RequestHead, singleHeader } from '../../core/exchange.js';
import type { FacadeAnswer, FacadeRoute, FacadeServer } from '../../core/facade-server.js';
import { grantRefused } from '../../core/failures.js';
import type { VerifyIdToken } from '../../core/issued-token.js';
import type { Notify } from '../../core/notice.js';
import type { FetchJson } from '../../idp/fetch-json.js';
import type { MetadataSource } from '../../idp/metadata.js';
import { isRefusal, limited, type Refusal, refused, unavailable } from '../answers.js';
import { createFindResource } from '../known-resources.js';
import { registrationAct } from './acts.js';
import { json, unavailablePage } from './answers.js';
import { createReadAuthorize } from './authorize-request.js';
import { createCallback } from './callback.js';
import { createClientDocuments, type DocumentStore } from './client-documents.js';
import { createClients } from './clients.js';
import { createCookies } from './cookies.js';
import { createIdpPages } from './idp-pages.js';
import { createIdpTokenEndpoints } from './idp-tokens.js';
import { createIssuance, type Issuance } from './issued.js';
import { createFacadeLimits, type FacadeLimits } from './limits.js';
import { createLogin } from './login.js';
import { FACADE_PAGES, facadeMetadata } from './metadata.js';
import { countPage, rejectUnasked } from './page-requests.js';
import { createPersons } from './persons.js';
import { readRegistration, registrationAnswer } from './registration.js';
import { createFacadeTexts, type FacadeTexts } from './texts.js';
import { createTokenPages } from './token.js';
import { createAskUser } from './user-endpoint.js';

export interface FacadeParts {
  readonly facade: ResolvedFacade;
  /** The issuer of the identity provider. */
  readonly behind: string;
  /** The endpoints that accept its tokens. */
  readonly endpoints: readonly Endpoint[];
  readonly metadata: MetadataSource;
  readonly fetchJson: FetchJson;
  /** For the logins of a facade that issues tokens. */
  readonly verifyIdToken: VerifyIdToken;
  readonly clock: Clock;
  readonly notify: Notify;
  /** For limits that outlive a reload. By default the facade begins with new ones. */
  readonly limits?: FacadeLimits;
  /** The documents that describe clients. By default a client id is never a URL. */
  readonly documents?: DocumentStore | null;
  /** False while what it does would have no audit record. By default true. */
  readonly canRecord?: (() => boolean) | undefined;
}

const MAX_BODY_BYTES = 32 * 1024;
const NO_RECORD = 'the audit cannot record it';
const JSON_TYPE = /^application\/json[ \t]*(;|$)/i;

function parsed(head: RequestHead, body: Buffer): unknown {
  const type = singleHeader(head, 'content-type');
  if (typeof type !== 'string' || !JSON_TYPE.test(type)) return undefined;
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

/** Null in mode `pass`. */
function issuanceOf(parts: FacadeParts, texts: FacadeTexts): Issuance | null {
  const { facade, behind, clock, verifyIdToken } = parts;
  const { issued } = facade;
  if (issued === null) return null;
  const askUser = issued.userUrl === null ? null : createAskUser(issued.userUrl, facade, parts);
  const persons = createPersons(issued, verifyIdToken, askUser);
  return createIssuance(facade, issued, { behind, persons, texts, clock });
}

type Answer = (head: RequestHead, body: Buffer, address: string) => Promise<FacadeAnswer>;

export function createFacade(parts: FacadeParts): FacadeServer {
  const { facade, behind, endpoints, metadata, clock, notify } = parts;
  const { limits = createFacadeLimits(clock), documents: store = null } = parts;
  const { canRecord = () => true } = parts;
  const { issuer, keys, redirectUris, name } = facade;
  const issues = facade.issued !== null;
  const texts = createFacadeTexts(keys, issuer, clock, { behind, issues });
  const issuance = issuanceOf(parts, texts);
  const documents = store && createClientDocuments(store, redirectUris, limits);
  const clients = createClients(texts, redirectUris, documents);
  const cookies = createCookies(texts, name, clock);
  const idp = createIdpPages(metadata);
  const findResource = createFindResource(endpoints);
  const readAuthorize = createReadAuthorize(endpoints, findResource, clients, issuer, issues);
  const login = createLogin({ facade, texts, cookies, readAuthorize, idp });
  const callback = createCallback({ facade, texts, cookies, idp, limits });
  const idpTokens = createIdpTokenEndpoints(facade, behind, metadata, parts);
  const tokens = createTokenPages({
    facade,
    texts,
    clients,
    findResource,
    endpoints: idpTokens,
    limits,
    notify,
    issuance,
  });

  async function register(head: RequestHead, body: Buffer): Promise<FacadeAnswer> {
    const nowSeconds = Math.floor(clock.wallMs() / 1000);
    const read = readRegistration(parsed(head, body), redirectUris, nowSeconds);
    if ('error' in read) {
      const { error, description } = read;
      const failure = grantRefused({ detail: `${error}: ${description}` });
      return { ...json(400, { error, error_description: description }), failure };
    }
    const clientId = texts.client.seal(read.facts, null);
    const secret = read.facts.method === 'none' ? null : clients.secretOf(clientId);
    notify({ event: 'facade.registered', level: 'info', issuer });
    const audited = registrationAct(issuer, clientId, read.facts.name);
    return { ...json(201, registrationAnswer(read, clientId, secret)), audited };
  }

  /** A page for a person: bugs get a page too. `counts`: false where `answer` counts by itself. */
  const forPeople =
    (answer: Answer, counts = true): Answer =>
    async (head, body, address) => {
      if (!canRecord()) return unavailablePage(NO_RECORD);
      const rejected = rejectUnasked(head) ?? (counts ? countPage(limits, address) : null);
      if (rejected !== null) return rejected;
      return answer(head, body, address).catch((cause) => unavailablePage(undefined, cause));
    };

  const forClients =
    (answer: (...args: Parameters<Answer>) => Promise<FacadeAnswer | Refusal>): Answer =>
    async (head, body, address) => {
      if (!canRecord()) return unavailable(undefined, NO_RECORD);
      try {
        const answered = await answer(head, body, address);
        if (!isRefusal(answered)) return answered;
        const waitMs = limits.take('failure', address);
        return waitMs > 0 ? limited(waitMs, answered.error) : refused(answered, issuer);
      } catch (cause) {
        return unavailable(cause);
      }
    };

  const registers: Answer = async (head, body, address) => {
    const waitMs = limits.take('registration', address);
    return waitMs > 0
      ? limited(waitMs, 'too many registrations of one address')
      : register(head, body);
  };

  const keySet = json(200, { keys: [] });
  const published = issuance === null ? keySet : { ...keySet, body: issuance.jwks };
  const base = new URL(issuer).pathname;
  const route = (
    page: keyof typeof FACADE_PAGES,
    method: FacadeRoute['method'],
    isForScripts: boolean,
    answer: Answer,
  ): [string, FacadeRoute] => [base + FACADE_PAGES[page], { method, isForScripts, answer }];
  return {
    issuer,
    behind,
    metadata: facadeMetadata(issuer, endpoints, documents !== null),
    maxBodyBytes: MAX_BODY_BYTES,
    routes: new Map([
      route('authorize', 'GET', false, forPeople(login.authorize)),
      route('consent', 'POST', false, forPeople(login.consent)),
      route('callback', 'GET', false, forPeople(callback, false)),
      route('token', 'POST', true, forClients(tokens.token)),
      route('register', 'POST', true, forClients(registers)),
      route('revoke', 'POST', true, forClients(tokens.revoke)),
      route('keys', 'GET', true, async () => published),
    ]),
  };
}
