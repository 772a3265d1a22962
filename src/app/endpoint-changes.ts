// The endpoints in the lines of a start and of a reload: which there are, and which a reload added,
// removed or changed. Bounded, because there may be thousands.
import type { ResolvedConfig } from '../config/resolved-config.js';
import { fingerprintOf } from './keep.js';

type Endpoints = Pick<ResolvedConfig, 'endpoints'>;

/** Names in one field. More would hide the rest of the line. */
const MOST_NAMES = 20;
/** About 10 ms of work. */
const ENDPOINTS_OF_A_SLICE = 200;

/** The resources of the first ones, and how many endpoints there are. */
export const endpointFields = ({ endpoints }: Endpoints) => ({
  endpoints: endpoints.slice(0, MOST_NAMES).map(({ resource }) => resource),
  endpointCount: endpoints.length,
});

/** The hosts of an endpoint share its name, and each counts. */
function* fingerprintsByName({ endpoints }: Endpoints): Generator<void, Map<string, string>> {
  const found = new Map<string, string>();
  let done = 0;
  for (const endpoint of endpoints) {
    const { name } = endpoint;
    found.set(name, (found.get(name) ?? '') + fingerprintOf(endpoint));
    if (++done % ENDPOINTS_OF_A_SLICE === 0) yield;
  }
  return found;
}

function listed(field: string, names: readonly string[]): Record<string, unknown> {
  if (names.length === 0) return {};
  return { [field]: names.slice(0, MOST_NAMES), [`${field}Count`]: names.length };
}

/** In slices. A field without names is absent. */
export function* endpointChanges(
  before: Endpoints,
  after: Endpoints,
): Generator<void, Record<string, unknown>> {
  const old = yield* fingerprintsByName(before);
  const now = yield* fingerprintsByName(after);
  const isOther = (name: string): boolean => old.get(name) !== now.get(name);
  return {
    ...listed(
      'added',
      [...now.keys()].filter((name) => !old.has(name)),
    ),
    ...listed(
      'removed',
      [...old.keys()].filter((name) => !now.has(name)),
    ),
    ...listed(
      'changed',
      [...now.keys()].filter((name) => old.has(name) && isOther(name)),
    ),
  };
}
