// Records the requests to token endpoints for `explain`: where they went, the status of each answer
// and the life of its token. Never records a token.
import type { Clock } from '../core/clock.js';
import type { Values } from '../core/explanation.js';
import { isObject } from '../core/json.js';
import { urlForLog } from '../idp/discovery.js';
import type { Fetched, FetchJson } from '../idp/fetch-json.js';
import { shapeOf } from '../verify/jws.js';

export interface TokenRequests {
  /** Sends the same requests. Records each one that has a form. */
  readonly fetchJson: FetchJson;
  /** Those since the last call, in the order of their answers. */
  take(): Values[];
}

/** By `expires_in` and by `exp` of a JWT, the earlier of both. Null: the answer has neither. */
function lifeSeconds(stated: unknown, exp: unknown, nowSeconds: number): number | null {
  const life = typeof stated === 'string' && /^\d+$/.test(stated) ? Number(stated) : stated;
  const ends = [life, typeof exp === 'number' ? exp - nowSeconds : null];
  const known = ends.filter((one): one is number => Number.isFinite(one));
  return known.length === 0 ? null : Math.round(Math.min(...known));
}

function outcomeOf(fetched: Fetched, nowSeconds: number): Values {
  if (fetched.kind === 'transport') return { problem: fetched.detail };
  const { status, json } = fetched;
  if (!isObject(json) || typeof json.access_token !== 'string') return { status };
  const shape = shapeOf(json.access_token);
  const { aud, exp } = (shape.kind === 'jws' ? shape.claims : null) ?? {};
  const life = lifeSeconds(json.expires_in, exp, nowSeconds) ?? 'not stated';
  return { status, lifeSeconds: life, ...(aud === undefined ? {} : { aud }) };
}

export function recordTokenRequests(fetchJson: FetchJson, clock: Clock): TokenRequests {
  let recorded: Values[] = [];
  return {
    async fetchJson(request) {
      const fetched = await fetchJson(request);
      if (request.form !== undefined) {
        const outcome = outcomeOf(fetched, clock.wallMs() / 1000);
        recorded.push({ url: urlForLog(request.url), ...outcome });
      }
      return fetched;
    },
    take() {
      const all = recorded;
      recorded = [];
      return all;
    },
  };
}
