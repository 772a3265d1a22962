// Decides what no single field can show to be wrong: names that point nowhere, audiences shared by accident, ways in that could never
// work (F-01, F-02). Every check reports; none repairs.

import { isLoopbackHost } from '../core/loopback.js';
import { type Check, type Parsed, usersOf } from './parsed.js';
import { audienceProblem, formProblem } from './presets.js';
import type { Problem } from './problems.js';
import { introspectionChecks } from './validate-introspection.js';
import { rulesAreWhole } from './validate-policy.js';

const listed = (names: readonly string[]): string =>
  names.length === 0 ? 'none is configured' : names.join(', ');

const issuersExist: Check = ({ endpoints, issuers, isBad }) =>
  [...endpoints].flatMap(([i, { issuers: names = [] }]) =>
    names.flatMap((name, j): Problem[] => {
      const path = ['endpoints', i, 'issuers', j];
      if (name === undefined || isBad(['issuers'])) return [];
      if (names.indexOf(name) < j) return [{ path, message: `${name} stands twice; keep one` }];
      if (issuers.has(name)) return [];
      return [
        {
          path,
          message: `no issuer is called ${name}; write one of: ${listed([...issuers.keys()])}`,
        },
      ];
    }),
  );

const pathsDiffer: Check = ({ endpoints }) => {
  const seen = new Map<string, number>();
  const problems: Problem[] = [];
  for (const [i, { path }] of endpoints) {
    if (path === undefined) continue;
    const before = seen.get(path);
    if (before !== undefined)
      problems.push({
        path: ['endpoints', i, 'path'],
        message: `endpoints[${before}] has this path too; give each its own`,
      });
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
    if (issuer === undefined) continue;
    const before = seen.get(issuer);
    if (before !== undefined)
      problems.push({
        path: ['issuers', name, 'issuer'],
        message: `issuers.${before} is the same issuer; keep one of them`,
      });
    else seen.set(issuer, name);
  }
  return problems;
};

const issuersHaveForm: Check = ({ issuers }) =>
  [...issuers].flatMap(([name, { preset, issuer }]) => {
    const message =
      preset === undefined || issuer === undefined ? null : formProblem(preset, issuer);
    return message === null ? [] : [{ path: ['issuers', name, 'issuer'], message }];
  });

/** The resource, which is the audience where none is written, would never come from such an issuer. */
const audienceComes: Check = ({ issuers, endpoints }) =>
  [...issuers].flatMap(([name, { preset, issuer, audience }]) => {
    const message =
      preset === undefined || issuer === undefined ? null : audienceProblem(preset, issuer);
    if (message === null || audience === undefined || audience.length > 0) return [];
    const lacking = usersOf(endpoints, name).filter(
      ([, endpoint]) => endpoint.audience === undefined,
    );
    return lacking.map(([i]) => ({ path: ['endpoints', i, 'audience'], message }));
  });

/** One audience for two endpoints makes a token for one good at the other (A-18). */
const audienceNotShared: Check = ({ issuers, endpoints, root: { publicUrl }, isBad }) =>
  [...issuers].flatMap(([name, issuer]): Problem[] => {
    const users = usersOf(endpoints, name).filter(([i]) => !isBad(['endpoints', i, 'audience']));
    if (issuer.sharedAudience !== false || issuer.audience === undefined || users.length < 2)
      return [];
    if (issuer.audience.length > 0) {
      const message = `${users.map(([i]) => `endpoints[${i}]`).join(' and ')} would accept each other's tokens; give each endpoint its own audience, or write sharedAudience: true`;
      return [{ path: ['issuers', name, 'audience'], message }];
    }
    const accepted = users.map(([i, { audience, resource, path }]) => ({
      i,
      written: audience !== undefined,
      names: audience?.filter((one) => one !== undefined) ?? [resource ?? `${publicUrl}${path}`],
    }));
    return accepted.flatMap(({ i, written, names }, at) => {
      // Equal resources are told already.
      const other = accepted
        .slice(0, at)
        .find(
          (before) =>
            (written || before.written) && before.names.some((one) => names.includes(one)),
        );
      if (other === undefined) return [];
      const [told, beside] = written ? [i, other.i] : [other.i, i];
      const message = `endpoints[${beside}] accepts one of these too, so tokens of ${name} for one would be good at the other; give each endpoint its own audience, or write sharedAudience: true for ${name}`;
      return [{ path: ['endpoints', told, 'audience'], message }];
    });
  });

const passThroughCanPass: Check = ({ endpoints, isBad }) =>
  [...endpoints].flatMap(([i, { passThrough = [], scopes: needed = [] }]) =>
    passThrough.flatMap((rule, j): Problem[] => {
      if (rule === undefined) return [];
      const path = ['endpoints', i, 'passThrough', j];
      const problems: Problem[] = [];
      const isKnown = !isBad([...path, 'scheme']) && !isBad([...path, 'header']);
      const named = Number(rule.scheme !== undefined) + Number(rule.header !== undefined);
      if (isKnown && named !== 1) {
        problems.push({
          path,
          message: 'write either scheme (such as Token) or header (such as X-Api-Key)',
        });
      }
      const { scopes } = rule;
      const missing =
        scopes === undefined || scopes.includes(undefined)
          ? []
          : needed.filter((scope) => !scopes.includes(scope));
      if (missing.length > 0) {
        const message = `such callers could never pass: the endpoint needs ${missing.join(', ')}; write scopes: [${needed.join(', ')}] to grant them, or remove this entry`;
        problems.push({ path: [...path, 'scopes'], message });
      }
      const key = (other: typeof rule | undefined): string =>
        `${other?.scheme?.toLowerCase()} ${other?.header?.toLowerCase()}`;
      if (isKnown && named > 0 && passThrough.findIndex((other) => key(other) === key(rule)) < j)
        problems.push({ path, message: 'stands twice; keep one' });
      return problems;
    }),
  );

/** Whether one address takes what comes to the other, so that both cannot have one port. */
function overlap(some: string, other: string): boolean {
  const pair = [some, other];
  if (some === other || pair.includes('::')) return true;
  if (pair.includes('0.0.0.0')) return !pair.some((host) => host.includes(':'));
  return pair.includes('localhost') && (pair.includes('127.0.0.1') || pair.includes('::1'));
}

const listenersDiffer: Check = ({ root: { listen, admin } }) => {
  if (listen?.port === undefined || listen.port === 0 || listen.port !== admin?.port) return [];
  if (listen.host === undefined || admin.host === undefined || !overlap(listen.host, admin.host))
    return [];
  const other = listen.port === 9090 ? 9091 : 9090;
  return [
    {
      path: ['admin', 'port'],
      message: `listen has port ${listen.port} too; give each its own, such as ${other}`,
    },
  ];
};

/** As a destination it is this machine. */
const UNSPECIFIED = ['0.0.0.0', '::'];

/** The public listener, whose port is known, under the names that lead to it from this machine. */
function isListener(listen: Parsed['root']['listen'], { protocol, hostname, port }: URL): boolean {
  if (
    listen?.host === undefined ||
    Number(port || (protocol === 'https:' ? 443 : 80)) !== listen.port
  )
    return false;
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return (
    listen.host === host ||
    ((isLoopbackHost(hostname) || UNSPECIFIED.includes(host)) && overlap(listen.host, host))
  );
}

/** A loop that can be known before the first call (C-134). */
const upstreamIsElsewhere: Check = ({ root: { publicUrl, listen }, endpoints }) => {
  const own = [...endpoints.values()].map(
    ({ path, resource }) => resource ?? `${publicUrl}${path}`,
  );
  return [...endpoints].flatMap(([i, { upstream }]): Problem[] => {
    if (upstream?.url === undefined) return [];
    const path = ['endpoints', i, 'upstream'];
    const url = new URL(upstream.url);
    if (isListener(listen, url))
      return [
        {
          path,
          message:
            'the gateway itself listens there; write where the MCP server listens, or move listen',
        },
      ];
    if (!own.includes(url.origin + url.pathname)) return [];
    return [
      {
        path,
        message: 'clients reach the gateway itself there; write where the MCP server listens',
      },
    ];
  });
};

export const checks: readonly Check[] = [
  listenersDiffer,
  upstreamIsElsewhere,
  issuersExist,
  pathsDiffer,
  metadataDiffers,
  issuersDiffer,
  issuersHaveForm,
  audienceComes,
  audienceNotShared,
  ...introspectionChecks,
  rulesAreWhole,
  passThroughCanPass,
];
