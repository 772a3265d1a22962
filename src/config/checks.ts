// Decides what no single field can show to be wrong: names that point nowhere, audiences shared by accident, ways in that could never
// work (F-01, F-02). Every check reports; none repairs.
import type { Problem } from './problems.js';
import type { EndpointInput, IssuerInput } from './schema.js';

/** What parsed; an entry that did not is absent, so that its neighbours are still checked. */
export interface Parsed {
  readonly issuers: ReadonlyMap<string, IssuerInput>;
  readonly issuerNames: readonly string[];
  readonly endpoints: ReadonlyMap<number, EndpointInput>;
}

type Check = (parsed: Parsed) => Problem[];

const listed = (names: readonly string[]): string => (names.length === 0 ? 'none is configured' : names.join(', '));

const issuersExist: Check = ({ endpoints, issuerNames }) =>
  [...endpoints].flatMap(([i, endpoint]) =>
    endpoint.issuers.flatMap((name, j) =>
      endpoint.issuers.indexOf(name) < j
        ? [{ path: ['endpoints', i, 'issuers', j], message: `${name} stands twice; keep one` }]
        : issuerNames.includes(name)
          ? []
          : [
              {
                path: ['endpoints', i, 'issuers', j],
                message: `no issuer is called ${name}; write one of: ${listed(issuerNames)}`,
              },
            ],
    ),
  );

const pathsDiffer: Check = ({ endpoints }) => {
  const seen = new Map<string, number>();
  const problems: Problem[] = [];
  for (const [i, { path }] of endpoints) {
    const before = seen.get(path);
    if (before !== undefined)
      problems.push({ path: ['endpoints', i, 'path'], message: `endpoints[${before}] has this path too; give each its own` });
    else seen.set(path, i);
  }
  return problems;
};

/** The metadata URL is made of the resource, so two resources of one path would share a document. */
const metadataDiffers: Check = ({ endpoints }) => {
  const seen = new Map<string, number>();
  const problems: Problem[] = [];
  for (const [i, { path, resource }] of endpoints) {
    const pathname = resource === undefined ? path : new URL(resource).pathname;
    const before = seen.get(pathname);
    if (before === undefined) seen.set(pathname, i);
    // Equal paths of the endpoints themselves are told already.
    else if (endpoints.get(before)?.path !== path) {
      const message = `its metadata would stand where that of endpoints[${before}] does; give the resources different paths`;
      problems.push({ path: ['endpoints', i, 'resource'], message });
    }
  }
  return problems;
};

const issuersDiffer: Check = ({ issuers }) => {
  const seen = new Map<string, string>();
  const problems: Problem[] = [];
  for (const [name, { issuer }] of issuers) {
    const before = seen.get(issuer);
    if (before !== undefined)
      problems.push({ path: ['issuers', name, 'issuer'], message: `issuers.${before} is the same issuer; keep one of them` });
    else seen.set(issuer, name);
  }
  return problems;
};

const audienceNotShared: Check = ({ issuers, endpoints }) =>
  [...issuers].flatMap(([name, issuer]) => {
    const users = [...endpoints].filter(([, endpoint]) => endpoint.issuers.includes(name)).map(([i]) => `endpoints[${i}]`);
    if (issuer.audience.length === 0 || issuer.sharedAudience || users.length < 2) return [];
    const message = `${users.join(' and ')} would accept each other's tokens; give each endpoint its own audience, or write sharedAudience: true`;
    return [{ path: ['issuers', name, 'audience'], message }];
  });

const oneOpaqueIssuer: Check = ({ issuers, endpoints }) =>
  [...endpoints].flatMap(([i, endpoint]) => {
    const opaque = endpoint.issuers.filter((name) => issuers.get(name)?.introspection !== undefined);
    if (opaque.length < 2) return [];
    const message = `${opaque.join(' and ')} both take opaque tokens, so a token of one would be shown to the other; keep one with introspection`;
    return [{ path: ['endpoints', i, 'issuers'], message }];
  });

const legacyCanPass: Check = ({ endpoints }) =>
  [...endpoints].flatMap(([i, endpoint]) =>
    endpoint.legacy.flatMap((rule, j): Problem[] => {
      const path = ['endpoints', i, 'legacy', j];
      const problems: Problem[] = [];
      if ((rule.scheme === undefined) === (rule.header === undefined)) {
        problems.push({ path, message: 'write either scheme (such as Token) or header (such as X-Api-Key)' });
      }
      const missing = endpoint.scopes.filter((scope) => !rule.scopes.includes(scope));
      if (missing.length > 0) {
        const message = `such callers could never pass: the endpoint needs ${missing.join(', ')}; write scopes: [${endpoint.scopes.join(', ')}] to grant them, or remove this entry`;
        problems.push({ path: [...path, 'scopes'], message });
      }
      const key = (other: typeof rule): string => `${other.scheme?.toLowerCase()} ${other.header?.toLowerCase()}`;
      if (endpoint.legacy.findIndex((other) => key(other) === key(rule)) < j)
        problems.push({ path, message: 'stands twice; keep one' });
      return problems;
    }),
  );

export const checks: readonly Check[] = [
  issuersExist,
  pathsDiffer,
  metadataDiffers,
  issuersDiffer,
  audienceNotShared,
  oneOpaqueIssuer,
  legacyCanPass,
];
