// Reads the answer of a token endpoint (RFC 6749 section 5): a token, a rejection of what the
// gateway sent, or nothing usable. The HTTP status decides who is to blame, because servers use the
// error codes differently (Keycloak: 400 invalid_client for an unknown audience, measured).
import { B64TOKEN } from '../../core/credential.js';
import {
  exchangeGatewayRejected,
  exchangeRefused,
  exchangeUnavailable,
} from '../../core/failures.js';
import { isObject } from '../../core/json.js';
import { isPlainName } from '../../core/plain-name.js';
import type { ReadAnswer } from '../../idp/client-endpoint.js';
import type { Fetched } from '../../idp/fetch-json.js';

/** A JSON object with a usable `access_token`. The reader checks the rest of it. */
export interface TokenAnswer {
  readonly accessToken: string;
  readonly members: Readonly<Record<string, unknown>>;
}

export type TokenResult = ReadAnswer<TokenAnswer>;

/** Whom a 400 or a 403 rejects: the caller whose token the gateway sends, or the gateway itself. */
export type Asker = 'caller' | 'gateway';

/** The code of RFC 6749 section 5.2. Never the description, which can quote the token. */
function errorCode(json: unknown): string | null {
  const code = isObject(json) ? json.error : null;
  return typeof code === 'string' && isPlainName(code.replaceAll('_', '-')) ? code : null;
}

interface Response {
  readonly status: number;
  readonly json: unknown;
  readonly isTransport: boolean;
  readonly asker: Asker;
  readonly detail: string;
  readonly retryAfterSeconds: number;
}

interface AnswerRule {
  readonly name: string;
  readonly applies: (response: Response) => boolean;
  readonly result: (response: Response) => Pick<TokenResult, 'failure' | 'endpointFailed'>;
}

const unavailable = (detail: string, retryAfterSeconds: number, endpointFailed: boolean) => ({
  failure: exchangeUnavailable({ detail, retryAfterSeconds }),
  endpointFailed,
});
const endpointFailure: AnswerRule['result'] = ({ detail, retryAfterSeconds }) =>
  unavailable(detail, retryAfterSeconds, true);
const gatewayRejected: AnswerRule['result'] = ({ detail }) => ({
  failure: exchangeGatewayRejected({ detail }),
  endpointFailed: false,
});
/** For a status or a body that a working server sends where it has no such endpoint. */
const withUrl = (detail: string): string => `${detail}; check the URL of the token endpoint`;

const tokenOf = (json: unknown): string | null =>
  isObject(json) && typeof json.access_token === 'string' && B64TOKEN.test(json.access_token)
    ? json.access_token
    : null;

/** The first rule that applies decides. Without one, the answer has a token. */
export const answerRules: readonly AnswerRule[] = [
  { name: 'no response', applies: ({ isTransport }) => isTransport, result: endpointFailure },
  {
    name: '401 rejects the gateway',
    applies: ({ status }) => status === 401,
    result: gatewayRejected,
  },
  {
    name: '400 and 403 reject the gateway, which asks for a token of its own',
    applies: ({ status, asker }) => (status === 400 || status === 403) && asker === 'gateway',
    result: gatewayRejected,
  },
  {
    name: '400 and 403 reject the token of the caller',
    applies: ({ status }) => status === 400 || status === 403,
    result: ({ detail }) => ({ failure: exchangeRefused({ detail }), endpointFailed: false }),
  },
  { name: '429', applies: ({ status }) => status === 429, result: endpointFailure },
  { name: '5xx', applies: ({ status }) => status >= 500, result: endpointFailure },
  {
    name: 'a redirect is not followed',
    applies: ({ status }) => status >= 300 && status < 400,
    result: ({ detail, retryAfterSeconds }) =>
      unavailable(withUrl(detail), retryAfterSeconds, true),
  },
  {
    name: 'any other status',
    applies: ({ status }) => status !== 200,
    result: ({ detail, retryAfterSeconds }) =>
      unavailable(withUrl(detail), retryAfterSeconds, false),
  },
  {
    name: 'no token',
    applies: ({ json }) => tokenOf(json) === null,
    result: ({ retryAfterSeconds }) =>
      unavailable(withUrl('the response has no usable access_token'), retryAfterSeconds, true),
  },
];

export function readAnswer(fetched: Fetched, asker: Asker): TokenResult {
  const answered = fetched.kind === 'answer' ? fetched : null;
  const status = answered?.status ?? 0;
  const json = answered?.json;
  const code = status >= 400 ? errorCode(json) : null;
  const statusText = code === null ? `status ${status}` : `status ${status} ${code}`;
  const response: Response = {
    status,
    json,
    isTransport: answered === null,
    asker,
    detail: fetched.kind === 'transport' ? fetched.detail : statusText,
    retryAfterSeconds: Number(answered?.headers['retry-after']) || 1,
  };
  const rule = answerRules.find(({ applies }) => applies(response));
  if (rule !== undefined) return { value: null, ...rule.result(response) };
  const accessToken = tokenOf(json);
  return accessToken === null || !isObject(json)
    ? { value: null, failure: exchangeUnavailable(), endpointFailed: true }
    : { value: { accessToken, members: json }, failure: null, endpointFailed: false };
}
