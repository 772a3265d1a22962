// Finds fixes that change whom the gateway trusts: another audience, another issuer. Each has a
// warning, because a token alone cannot justify more trust.
import { issuerName, writtenEndpoint } from '../config/written-config.js';
import { nearMiss, nearMissText } from '../core/near-miss.js';
import {
  type FindFix,
  noChange,
  ofEndpoint,
  ofIssuer,
  texts,
  union,
} from './explain-fix-context.js';

const WIDER_AUDIENCE =
  'then the endpoint trusts every token of its issuers with this audience. Write it only if the ' +
  'audience means this server alone. A token for another server must never pass here';

/** Its tokens are for one endpoint alone. */
const ofFacade = (resource: string): ReturnType<FindFix> =>
  noChange(
    'no setting accepts a token of a facade at another endpoint: let the client log in for ' +
      resource,
  );

export const audienceFix: FindFix = (failed) => {
  const { endpoint, observed, issuer, passesWith } = failed;
  if (failed.facades.includes(issuer?.policy.issuer ?? '')) return ofFacade(endpoint.resource);
  // The observed value of a response without aud is a word, and not an audience.
  const isAnswer = failed.step === 'audience of the answer';
  const named = texts(isAnswer ? observed.aud : failed.claims.aud).filter(
    (one) => !isAnswer || one !== 'absent',
  );
  const { claims: names } = issuer?.policy ?? {};
  if (named.length === 0) {
    const client = names?.client.flatMap((name) => texts(failed.seen[name]))[0];
    if (!isAnswer || client === undefined)
      return noChange(
        'no setting accepts a token without an audience: let the client ask for the resource ' +
          `${endpoint.resource}, or let the issuer write aud`,
      );
    return {
      words: `the response names no audience, and the client ${JSON.stringify(client)}`,
      warning: 'then every token of this client passes here, whatever server it was made for',
      change: ofIssuer(failed, { introspection: { audienceClients: [client] } }),
    };
  }
  const accepted = texts(failed.expected.aud);
  if (named.some((one) => accepted.includes(one))) return null;
  const near = named.flatMap((one) => nearMiss(one, accepted, false) ?? [])[0];
  const [aud = ''] =
    near === undefined ? named : named.filter((one) => nearMiss(one, accepted, false));
  const audience = union(endpoint.audience, [aud]);
  const better = `the better fix is at the client or the issuer: a token for ${endpoint.resource}`;
  return {
    words: near === undefined ? better : `${nearMissText(near, 'aud')}; ${better}`,
    warning: WIDER_AUDIENCE,
    change: passesWith(audience) ? ofEndpoint(failed, { audience }) : null,
  };
};

/** An issuer identifier that the operator could write: a plain https URL. */
const PLAIN_ISSUER = /^https:\/\/[\w.:[\]-]+(\/[\w.~/-]*)?$/;

export const issuerFix: FindFix = (failed) => {
  const { endpoint, claims, written, configured, bridge } = failed;
  const { iss } = claims;
  if (typeof iss !== 'string') return noChange('no setting accepts a JWT without iss');
  if (iss === bridge?.issuer)
    return noChange(`this is a token of the bridge: it is good at ${bridge.names.join(', ')} only`);
  if (failed.facades.includes(iss)) return ofFacade(endpoint.resource);
  const names = texts(writtenEndpoint(written, endpoint.name).issuers);
  const own = configured.includes(iss) ? issuerName(written, iss) : null;
  if (own !== null)
    return {
      words: `the issuer ${own} is configured, and this endpoint does not accept it`,
      warning: 'then every token of this issuer for this endpoint passes',
      change: ofEndpoint(failed, { issuers: union(names, [own]) }),
    };
  const near = nearMiss(iss, endpoint.issuers, true);
  const name = near === null ? null : issuerName(written, near.known);
  if (near !== null && name !== null && !near.differs.includes('the path')) {
    const isInsecure = /^http:/i.test(iss) && /^https:/i.test(near.known);
    const places = {
      metadataUrl: `${near.known.replace(/\/$/, '')}/.well-known/openid-configuration`,
      authorizationServers: [near.known],
    };
    return {
      words: nearMissText(near, 'iss'),
      warning: `compare it with issuer in the metadata of ${name} first: they must be equal`,
      change: { issuers: { [name]: { issuer: iss, ...(isInsecure ? places : {}) } } },
    };
  }
  if (!PLAIN_ISSUER.test(iss)) return null;
  const all = Object.keys((written.raw.issuers as object | undefined) ?? {});
  const free = ['second', 'third', 'another'].find((one) => !all.includes(one)) ?? 'one-more';
  return {
    words: 'the configuration has no such issuer',
    warning:
      'an issuer decides who may call. Add it only if you run it or trust it: anybody can write ' +
      'this iss into a token',
    change: {
      issuers: { [free]: { issuer: iss } },
      ...ofEndpoint(failed, { issuers: [...names, free] }),
    },
  };
};
