// Decides what a check across fields gets to see of a configuration. Never checks.
import type { Problem } from './problems.js';
import type { EndpointInput } from './schema-endpoint.js';
import type { IssuerInput } from './schema-issuer.js';

/** An endpoint as far as it parsed. */
export type SeenEndpoint = Omit<EndpointInput, 'path' | 'upstream'> & { readonly path?: string | undefined };

/** What parsed; an issuer that did not is absent, so that its neighbours are still checked. */
export interface Parsed {
  readonly publicUrl: string;
  readonly issuers: ReadonlyMap<string, IssuerInput>;
  readonly issuerNames: readonly string[];
  readonly endpoints: ReadonlyMap<number, SeenEndpoint>;
}

export type Check = (parsed: Parsed) => Problem[];

/** The endpoints that accept an issuer, by its name in the file. */
export const usersOf = (endpoints: Parsed['endpoints'], issuer: string): [number, SeenEndpoint][] =>
  [...endpoints].filter(([, endpoint]) => endpoint.issuers.includes(issuer));
