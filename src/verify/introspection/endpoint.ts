// Decides where an issuer is asked about its tokens: at the configured URL, or where its metadata says. Never asks.

import type { Clock } from '../../core/clock.js';
import type { Failure } from '../../core/failure.js';
import { introspectionUnavailable } from '../../core/failures.js';
import type { FetchJson } from '../fetch-json.js';
import { discover } from '../issuer/discovery.js';

/** The URL, or why it is not known. */
export type Locate = () => Promise<string | Failure>;

const DEADLINE_MS = 2_000;
const LOOK_AGAIN_MS = 2_000;

/** `url` null: from the issuer's metadata, read when it is first needed and kept then. */
export function createLocate(
  issuer: string,
  url: string | null,
  fetchJson: FetchJson,
  clock: Clock,
): Locate {
  let known = url;
  let looking: Promise<string | Failure> | null = null;
  let lookAgainAt = 0;

  async function look(): Promise<string | Failure> {
    const found = await discover(issuer, fetchJson, DEADLINE_MS, clock.monotonicMs);
    const endpoint = found.ok ? found.metadata.introspectionEndpoint : null;
    if (endpoint !== null) {
      known = endpoint;
      return endpoint;
    }
    lookAgainAt = clock.monotonicMs() + LOOK_AGAIN_MS;
    return introspectionUnavailable({
      detail: found.ok ? 'metadata has no introspection_endpoint' : found.detail,
    });
  }

  /** One look at a time, and none right after one that found nothing: any stranger's token asks for it. */
  return async () => {
    if (known !== null) return known;
    if (clock.monotonicMs() < lookAgainAt)
      return introspectionUnavailable({ detail: 'no endpoint known, backing off' });
    looking ??= look().finally(() => {
      looking = null;
    });
    return looking;
  };
}
