// Checks the facades that issue tokens of their own, across fields. Their tokens are for one
// resource alone, and no other server knows them.
import { resourcesOf } from './endpoint-places.js';
import { type Check, endpointsOf, type PartialConfig } from './partial-config.js';
import { needsFacade } from './presets.js';
import type { Problem } from './problems.js';

const issuing = ({ issuers }: Pick<PartialConfig, 'issuers'>) =>
  [...issuers].filter(([, { facade }]) => facade?.mode === 'issued');

const facadeIsThere: Check = ({ issuers, isBad }) =>
  [...issuers].flatMap(([name, { preset, facade }]): Problem[] => {
    if (preset === undefined || !needsFacade(preset) || facade !== undefined) return [];
    if (isBad(['issuers', name, 'facade'])) return [];
    const message =
      `access tokens of ${preset} prove nothing to this server. Add a facade, which issues tokens: ` +
      'facade: { clientId: gateway, clientSecret: "${env:IDP_SECRET}", ' +
      'keys: ["${file:/run/secrets/facade.pem}"] }';
    return [{ path: ['issuers', name, 'preset'], message }];
  });

/** These fields are about tokens of the issuer, which no endpoint accepts. */
const fieldsFit: Check = (config) =>
  issuing(config).flatMap(([name, issuer]): Problem[] => {
    const { audience = [], sharedAudience, introspection, requireTenant, claims, facade } = issuer;
    const tenants = claims?.tenant ?? [];
    const lacksTenant = !tenants.some((tenant) => facade?.claims?.includes(tenant));
    const isWritten = {
      audience: audience.length > 0,
      sharedAudience: sharedAudience === true,
      introspection: introspection !== undefined,
    };
    const problems = Object.entries(isWritten).flatMap(([field, written]): Problem[] => {
      const message = 'with facade.mode: issued no endpoint takes tokens of the issuer; remove it';
      return written ? [{ path: ['issuers', name, field], message }] : [];
    });
    if (requireTenant !== true || !lacksTenant || claims === undefined) return problems;
    const message =
      `the token has no tenant; add one of ${tenants.join(', ')} to facade.claims, or remove this ` +
      'field';
    return [...problems, { path: ['issuers', name, 'requireTenant'], message }];
  });

const claimsNeedMode: Check = (config) =>
  [...config.issuers].flatMap(([name, { facade }]): Problem[] => {
    if (facade?.mode !== 'pass') return [];
    const { claims = [], requiredClaims = {} } = facade;
    const written = { claims: claims.length, requiredClaims: Object.keys(requiredClaims).length };
    return Object.entries(written).flatMap(([field, count]): Problem[] => {
      const message = 'the issuer writes the tokens; remove it, or write mode: issued';
      return count > 0 ? [{ path: ['issuers', name, 'facade', field], message }] : [];
    });
  });

const endpointsTakeTokens: Check = (config) =>
  issuing(config).flatMap(([name]) =>
    endpointsOf(config, name).flatMap(([i, endpoint]): Problem[] => {
      const problems: Problem[] = [];
      const resources = resourcesOf(endpoint, config.root.publicUrl);
      const missing = resources.find((one) => endpoint.audience?.includes(one) === false);
      if (missing !== undefined) {
        const message = `tokens of issuers.${name}.facade are for the resource; add ${missing}`;
        problems.push({ path: ['endpoints', i, 'audience'], message });
      }
      if (endpoint.upstream?.credential?.kind === 'exchange') {
        const message = `the issuer does not know the tokens of its facade; write another kind`;
        const path = ['endpoints', i, 'upstream', 'credential', 'kind'];
        problems.push({ path, message });
      }
      return problems;
    }),
  );

export const issuedChecks: readonly Check[] = [
  facadeIsThere,
  fieldsFit,
  claimsNeedMode,
  endpointsTakeTokens,
];
