// Asks the user endpoint of an identity provider without OpenID Connect who the person of an access
// token is. The answer has the form of GitHub: `id` is a number that no other person ever gets.
import type { ResolvedFacade } from '../../config/resolved-config.js';
import type { Clock } from '../../core/clock.js';
import { grantUnavailable } from '../../core/failures.js';
import type { Person } from '../../core/issued-token.js';
import { isObject } from '../../core/json.js';
import { ok, type Result } from '../../core/result.js';
import type { Fetched, FetchJson } from '../../idp/fetch-json.js';
import { createSlots, slotLimits } from '../../idp/slots.js';
import { type Refusal, refusal } from '../answers.js';

export type AskUser = (accessToken: string, isKnown: boolean) => Promise<Result<Person | Refusal>>;

const MAX_BYTES = 64 * 1024;

const GONE = refusal(
  'invalid_grant',
  'The grant is not valid any more, log in again',
  'the user endpoint rejects the access token',
);

const unusable = (detail: string): Result<never> =>
  grantUnavailable({ detail: `the user endpoint: ${detail}` });

/** GitHub also answers 403 where a limit of requests is reached. */
const isLimit = ({ headers }: Extract<Fetched, { kind: 'answer' }>): boolean =>
  headers['retry-after'] !== undefined || headers['x-ratelimit-remaining'] === '0';

function read(fetched: Fetched): Result<Person | Refusal> {
  if (fetched.kind === 'transport') return unusable(fetched.detail);
  const { status, json } = fetched;
  if (status === 401 || (status === 403 && !isLimit(fetched))) return ok(GONE);
  if (status !== 200) return unusable(`status ${status}`);
  const id = isObject(json) ? json.id : undefined;
  if (!isObject(json) || !Number.isSafeInteger(id)) return unusable('its answer has no id');
  return ok({ subject: String(id), claims: json });
}

/** `url`: of the endpoint. It is asked with its own share of requests. */
export function createAskUser(
  url: string,
  { timeoutMs, maxConcurrentRequests }: ResolvedFacade,
  { fetchJson, clock }: { readonly fetchJson: FetchJson; readonly clock: Clock },
): AskUser {
  const slots = createSlots(slotLimits({ timeoutMs, maxConcurrentRequests }), clock);
  const ask = async (accessToken: string): Promise<Result<Person | Refusal>> => {
    // GitHub rejects a request without User-Agent.
    const headers = { authorization: `Bearer ${accessToken}`, 'user-agent': 'portcullis' };
    return read(await fetchJson({ url, headers, deadlineMs: timeoutMs, maxBytes: MAX_BYTES }));
  };
  return async (accessToken, isKnown) =>
    (await slots.run(isKnown, () => ask(accessToken))) ?? unusable('too many requests in progress');
}
