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
  /** True where this very path has a problem, so that its absence means nothing. */
  isBad(path: Path): boolean;
}

/** A check across fields. */
export type Check = (config: PartialConfig) => Problem[];

type Users = readonly (readonly [number, PartialEndpoint])[];
/** By issuer. One pass over the endpoints serves all issuers, because there may be many of both. */
const usersByIssuer = new WeakMap<PartialConfig['endpoints'], ReadonlyMap<string, Users>>();

function indexOf(endpoints: PartialConfig['endpoints']): ReadonlyMap<string, Users> {
  const users = new Map<string, (readonly [number, PartialEndpoint])[]>();
  for (const entry of endpoints)
    for (const issuer of new Set(entry[1].issuers)) {
      if (issuer === undefined) continue;
      const known = users.get(issuer);
      if (known === undefined) users.set(issuer, [entry]);
      else known.push(entry);
    }
  usersByIssuer.set(endpoints, users);
  return users;
}

/** The endpoints that accept an issuer, by its name in the file. */
export const endpointsOf = (
  { endpoints }: Pick<PartialConfig, 'endpoints'>,
  issuer: string,
): Users => (usersByIssuer.get(endpoints) ?? indexOf(endpoints)).get(issuer) ?? [];

export function toPartialConfig(
  { issuers = {}, endpoints = [], ...root }: Partially<ConfigInput>,
  problems: readonly Problem[],
): PartialConfig {
  const bad = new Set(problems.map(({ path }) => pathText(path)));
  return {
    root,
    issuers: new Map(Object.entries(issuers).map(([name, issuer]) => [name, issuer ?? {}])),
    endpoints: new Map(endpoints.map((endpoint, i) => [i, endpoint ?? {}])),
    isBad: (path) => bad.has(pathText(path)),
  };
}
