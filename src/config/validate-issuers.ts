// Checks the issuers beside each other and their endpoints: no issuer occurs twice, and each has
// the form of its preset. Audiences occur in tokens, and no two endpoints share one by accident.
import { resourcesOf } from './endpoint-places.js';
import { type Check, endpointsOf } from './partial-config.js';
import { audienceProblem, formProblem, requiredClaimsOf } from './presets.js';
import type { Problem } from './problems.js';

const issuersDiffer: Check = ({ issuers }) => {
  const firstWith = new Map<string, string>();
  const problems: Problem[] = [];
  for (const [name, { issuer }] of issuers) {
    if (issuer === undefined) continue;
    const first = firstWith.get(issuer);
    if (first === undefined) {
      firstWith.set(issuer, name);
      continue;
    }
    const message = `issuers.${first} is the same issuer; keep one of them`;
    problems.push({ path: ['issuers', name, 'issuer'], message });
  }
  return problems;
};

const issuersHaveForm: Check = ({ issuers }) =>
  [...issuers].flatMap(([name, { preset, issuer }]) => {
    if (preset === undefined || issuer === undefined) return [];
    const message = formProblem(preset, issuer);
    return message === null ? [] : [{ path: ['issuers', name, 'issuer'], message }];
  });

/** The preset wins, so another value would have no effect. */
const requiredClaimsAdd: Check = ({ issuers }) =>
  [...issuers].flatMap(([name, { preset, requiredClaims }]) => {
    if (preset === undefined || requiredClaims === undefined) return [];
    const ofPreset = requiredClaimsOf(preset);
    return Object.keys(requiredClaims)
      .filter((claim) => Object.hasOwn(ofPreset, claim))
      .filter((claim) => requiredClaims[claim] !== ofPreset[claim])
      .map((claim) => ({
        path: ['issuers', name, 'requiredClaims', claim],
        message: `preset: ${preset} requires ${claim}: ${ofPreset[claim]}; remove this line`,
      }));
  });

const tenantsCanOccur: Check = ({ issuers }) =>
  [...issuers].flatMap(([name, { requireTenant, claims }]) => {
    if (requireTenant !== true || claims?.tenant?.length !== 0) return [];
    const message =
      'with claims.tenant: [] no token has a tenant, so every token would be rejected; ' +
      'write the claim of the tenant, or remove this field';
    return [{ path: ['issuers', name, 'requireTenant'], message }];
  });

/** Some issuers never name the resource as audience, so its default would accept no token. */
const audienceOccurs: Check = (config) =>
  [...config.issuers].flatMap(([name, { preset, issuer, audience, facade }]) => {
    if (preset === undefined || issuer === undefined) return [];
    // The facade writes the resource.
    if (facade?.mode === 'issued') return [];
    const message = audienceProblem(preset, issuer);
    if (message === null || audience === undefined || audience.length > 0) return [];
    return endpointsOf(config, name)
      .filter(([, endpoint]) => endpoint.audience === undefined)
      .map(([i]) => ({ path: ['endpoints', i, 'audience'], message }));
  });

/** Two endpoints with one audience accept each other's tokens (A-18, separate audiences). */
const audienceNotShared: Check = (config) =>
  [...config.issuers].flatMap(([name, issuer]): Problem[] => {
    const users = endpointsOf(config, name).filter(
      ([i]) => !config.isBad(['endpoints', i, 'audience']),
    );
    if (issuer.sharedAudience !== false || issuer.audience === undefined || users.length < 2)
      return [];
    if (issuer.audience.length > 0) {
      const message =
        `${users.map(([i]) => `endpoints[${i}]`).join(' and ')} would accept each other's ` +
        'tokens; give each endpoint its own audience, or write sharedAudience: true';
      return [{ path: ['issuers', name, 'audience'], message }];
    }
    const accepted = users.map(([i, endpoint]) => ({
      i,
      isWritten: endpoint.audience !== undefined,
      audiences: endpoint.audience ?? resourcesOf(endpoint, config.root.publicUrl),
    }));
    return accepted.flatMap(({ i, isWritten, audiences }, at) => {
      // Other checks report resources that are equal by default.
      const other = accepted
        .slice(0, at)
        .find(
          (before) =>
            (isWritten || before.isWritten) &&
            before.audiences.some((one) => one !== undefined && audiences.includes(one)),
        );
      if (other === undefined) return [];
      const [reported, beside] = isWritten ? [i, other.i] : [other.i, i];
      const message =
        `endpoints[${beside}] accepts one of these audiences too, so a token of ${name} for one ` +
        'endpoint would pass at the other. Give each endpoint its own audience, ' +
        `or write sharedAudience: true for ${name}`;
      return [{ path: ['endpoints', reported, 'audience'], message }];
    });
  });

export const issuerChecks: readonly Check[] = [
  issuersDiffer,
  issuersHaveForm,
  requiredClaimsAdd,
  tenantsCanOccur,
  audienceOccurs,
  audienceNotShared,
];
