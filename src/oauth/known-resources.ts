// Finds the endpoint of a resource that a client names (RFC 8707).
import type { Endpoint } from '../core/endpoint.js';

/** Clients write the URL of a resource anew, with or without a slash at the end. */
const normalized = (resource: string): string =>
  (URL.canParse(resource) ? new URL(resource).href : resource).replace(/\/$/, '');

/** Null: no endpoint has the resource. */
export type FindResource = (resource: string) => Endpoint | null;

export function createFindResource(endpoints: readonly Endpoint[]): FindResource {
  const exact = new Map(endpoints.map((endpoint) => [endpoint.resource, endpoint]));
  const byForm = new Map<string, Endpoint | null>();
  for (const endpoint of endpoints) {
    const form = normalized(endpoint.resource);
    // Two resources of one form are only found exactly.
    byForm.set(form, byForm.has(form) ? null : endpoint);
  }
  return (resource) => exact.get(resource) ?? byForm.get(normalized(resource)) ?? null;
}
