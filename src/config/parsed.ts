// Decides what a configuration is as far as it is good: issuers and endpoints that are whole, and for checks across fields every part that is
// good by itself. Never checks across fields.
import { isObject } from '../core/json.js';
import { type Partially, partialParse } from './partial-parse.js';
import { underPreset } from './presets.js';
import { type Path, type Problem, pathText, problemsOf } from './problems.js';
import { type EndpointInput, endpointSchema } from './schema/endpoint.js';
import { type IssuerInput, issuerSchema } from './schema/issuer.js';
import { rootSchema } from './schema/root.js';
import { misplacedReferences } from './secret-references.js';

export type SeenIssuer = Partially<IssuerInput>;
export type SeenEndpoint = Partially<EndpointInput>;
type SeenRoot = Partially<ReturnType<typeof rootSchema.parse>>;

/** What a check across fields gets to see. What is bad in itself is absent; its neighbours are still checked. */
export interface Parsed {
  readonly root: SeenRoot;
  readonly issuers: ReadonlyMap<string, SeenIssuer>;
  readonly endpoints: ReadonlyMap<number, SeenEndpoint>;
  /** True where the value at this very path was told to be bad, so that its absence says nothing. */
  isBad(path: Path): boolean;
}

export type Check = (parsed: Parsed) => Problem[];

/** The endpoints that accept an issuer, by its name in the file. */
export const usersOf = (endpoints: Parsed['endpoints'], issuer: string): [number, SeenEndpoint][] =>
  [...endpoints].filter(([, endpoint]) => endpoint.issuers?.includes(issuer));

export interface Whole {
  readonly root: ReturnType<typeof rootSchema.parse>;
  readonly issuers: ReadonlyMap<string, IssuerInput>;
  readonly endpoints: readonly EndpointInput[];
}

/** `whole` only where nothing is wrong so far. */
export function parse(raw: Readonly<Record<string, unknown>>): {
  parsed: Parsed;
  whole: Whole | null;
  problems: Problem[];
} {
  const problems: Problem[] = [];

  /** The part that is good; whatever else is there becomes problems. */
  function take<T>(
    schema: Parameters<typeof partialParse<T>>[0],
    value: unknown,
    base: Path,
  ): Partially<T> {
    // What a reference says where none works, the schema would only tell as a wrong value.
    const references = misplacedReferences(schema, value, base);
    const texts = new Set(references.map(({ path }) => pathText(path)));
    problems.push(
      ...references,
      ...problemsOf(schema, value, base).filter(({ path }) => !texts.has(pathText(path))),
    );
    return partialParse(schema, value) ?? ({} as Partially<T>);
  }

  const root = take(rootSchema, raw, []);
  const rawIssuers = isObject(raw.issuers) ? Object.entries(raw.issuers) : [];
  const rawEndpoints = Array.isArray(raw.endpoints)
    ? [...(raw.endpoints as unknown[]).entries()]
    : [];
  const issuers = new Map(
    rawIssuers.map(([name, one]) => [
      name,
      take(issuerSchema, underPreset(one ?? {}), ['issuers', name]),
    ]),
  );
  const endpoints = new Map(
    rawEndpoints.map(([i, one]) => [i, take(endpointSchema, one ?? {}, ['endpoints', i])]),
  );
  const told = new Set(problems.map(({ path }) => pathText(path)));
  return {
    parsed: { root, issuers, endpoints, isBad: (path) => told.has(pathText(path)) },
    // Nothing was taken out of it.
    whole:
      problems.length === 0
        ? ({ root, issuers, endpoints: [...endpoints.values()] } as unknown as Whole)
        : null,
    problems,
  };
}
