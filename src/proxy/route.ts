// Decides which endpoint a request is for: by exact path, undecoded, so that no spelling of a path reaches an upstream that another
// spelling was judged for (C-147). Never looks at anything else the caller sent.
import type { Endpoint } from '../core/endpoint.js';
import type { RequestHead } from '../core/exchange.js';

export function createRoute(
  endpoints: readonly Endpoint[],
): (head: RequestHead) => Endpoint | null {
  const byPath = new Map(endpoints.map((endpoint) => [endpoint.path, endpoint]));
  return ({ path }) => byPath.get(path) ?? null;
}
