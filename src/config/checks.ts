// Decides what no single field can show to be wrong: names that point nowhere, audiences shared by accident, ways in that could never
// work (F-01, F-02). Every check reports; none repairs.
import { introspectionChecks } from './introspection-checks.js';
import { type Check, usersOf } from './parsed.js';
import { audienceProblem, formProblem } from './presets.js';
import type { Problem } from './problems.js';

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
    if (path === undefined) continue;
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
    // With and without a slash at the end it is one document.
    const pathname = resource === undefined ? path : new URL(resource).pathname.replace(/\/$/, '');
    if (pathname === undefined) continue;
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

const issuersHaveForm: Check = ({ issuers }) =>
  [...issuers].flatMap(([name, { preset, issuer }]) => {
    const message = formProblem(preset, issuer);
    return message === null ? [] : [{ path: ['issuers', name, 'issuer'], message }];
  });

/** The resource, which is the audience where none is written, would never come from such an issuer. */
const audienceComes: Check = ({ issuers, endpoints }) =>
  [...issuers].flatMap(([name, { preset, issuer, audience }]) => {
    const message = audienceProblem(preset, issuer);
    if (message === null || audience.length > 0) return [];
    const lacking = usersOf(endpoints, name).filter(([, endpoint]) => endpoint.audience === undefined);
    return lacking.map(([i]) => ({ path: ['endpoints', i, 'audience'], message }));
  });

/** One audience for two endpoints makes a token for one good at the other (A-18). */
const audienceNotShared: Check = ({ issuers, endpoints, publicUrl }) =>
  [...issuers].flatMap(([name, issuer]): Problem[] => {
    const users = usersOf(endpoints, name);
    if (issuer.sharedAudience || users.length < 2) return [];
    if (issuer.audience.length > 0) {
      const message = `${users.map(([i]) => `endpoints[${i}]`).join(' and ')} would accept each other's tokens; give each endpoint its own audience, or write sharedAudience: true`;
      return [{ path: ['issuers', name, 'audience'], message }];
    }
    const accepted = users.map(([i, { audience, resource, path }]) => ({
      i,
      written: audience !== undefined,
      names: audience ?? [resource ?? `${publicUrl}${path}`],
    }));
    return accepted.flatMap(({ i, written, names }, at) => {
      // Equal resources are told already.
      const other = accepted
        .slice(0, at)
        .find((before) => (written || before.written) && before.names.some((one) => names.includes(one)));
      if (other === undefined) return [];
      const [told, beside] = written ? [i, other.i] : [other.i, i];
      const message = `endpoints[${beside}] accepts one of these too, so tokens of ${name} for one would be good at the other; give each endpoint its own audience, or write sharedAudience: true for ${name}`;
      return [{ path: ['endpoints', told, 'audience'], message }];
    });
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
  issuersHaveForm,
  audienceComes,
  audienceNotShared,
  ...introspectionChecks,
  legacyCanPass,
];
