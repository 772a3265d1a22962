// The part of a configuration that is valid so far, as the checks across fields see it.
import type { Partially } from './partial-parse.js';
import { type Path, type Problem, pathText } from './problems.js';
import type { EndpointInput } from './schema/endpoint.js';
import type { IssuerInput } from './schema/issuer.js';
import type { ConfigInput } from './schema/root.js';

export type PartialIssuer = Partially<IssuerInput>;
export type PartialEndpoint = Partially<EndpointInput>;

/** Bad values are absent. A check looks at the values around them all the same. */
export interface PartialConfig {
  readonly root: Partially<Omit<ConfigInput, 'issuers' | 'endpoints'>>;
  /** By their names in the file. */
  readonly issuers: ReadonlyMap<string, PartialIssuer>;
  /** By their places in the list. */
  readonly endpoints: ReadonlyMap<number, PartialEndpoint>;
  readonly endpointsByIssuer: ReadonlyMap<string, readonly [number, PartialEndpoint][]>;
  /** True where this very path has a problem, so that its absence means nothing. */
  isBad(path: Path): boolean;
}

/** A check across fields. */
export type Check = (config: PartialConfig) => Problem[];

/** The endpoints that accept an issuer, by its name in the file. */
export const endpointsOf = (
  { endpointsByIssuer }: Pick<PartialConfig, 'endpointsByIssuer'>,
  issuer: string,
): readonly [number, PartialEndpoint][] => endpointsByIssuer.get(issuer) ?? [];

function byIssuer(
  endpoints: ReadonlyMap<number, PartialEndpoint>,
): Map<string, [number, PartialEndpoint][]> {
  const found = new Map<string, [number, PartialEndpoint][]>();
  for (const entry of endpoints)
    for (const issuer of new Set(entry[1].issuers)) {
      if (issuer === undefined) continue;
      const users = found.get(issuer) ?? [];
      found.set(issuer, users);
      users.push(entry);
    }
  return found;
}

export function toPartialConfig(
  { issuers = {}, endpoints = [], ...root }: Partially<ConfigInput>,
  problems: readonly Problem[],
): PartialConfig {
  // A list of a program can have holes, which `map` leaves out.
  const byPlace = new Map(Array.from(endpoints, (endpoint, i) => [i, endpoint ?? {}]));
  const bad = new Set(problems.map(({ path }) => pathText(path)));
  return {
    root,
    issuers: new Map(Object.entries(issuers).map(([name, issuer]) => [name, issuer ?? {}])),
    endpoints: byPlace,
    endpointsByIssuer: byIssuer(byPlace),
    isBad: (path) => bad.has(pathText(path)),
  };
}
