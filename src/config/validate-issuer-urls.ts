// Checks the URLs of the issuers. Plain http needs the field that names its risk. An issuer that is
// not an https URL needs the places that its name does not give.
import { isAllowedUrl } from '../core/loopback.js';
import type { Check } from './partial-config.js';
import { canMetadataFollow } from './resolve-issuer.js';

const EXAMPLES = {
  jwksUri: 'https://auth.example.com/jwks',
  metadataUrl: 'https://auth.example.com/.well-known/openid-configuration',
  'introspection.url': 'https://auth.example.com/introspect',
} as const;

/** A-64, https issuers: on a network, plain http lets an attacker replace the keys. */
const urlsAreProtected: Check = ({ issuers }) =>
  [...issuers].flatMap(([name, { jwksUri, metadataUrl, introspection, allowInsecureHttp }]) => {
    const urls = { jwksUri, metadataUrl, 'introspection.url': introspection?.url };
    return Object.entries(urls).flatMap(([field, url]) => {
      // A bad value of `allowInsecureHttp` has its own problem.
      if (url === undefined || allowInsecureHttp === undefined) return [];
      if (isAllowedUrl(url, allowInsecureHttp)) return [];
      const message =
        `write an https URL such as ${EXAMPLES[field as keyof typeof EXAMPLES]} (http only on ` +
        'loopback, or with allowInsecureHttp: true on a private network)';
      return [{ path: ['issuers', name, ...field.split('.')], message }];
    });
  });

/**
 * Metadata, and the place where clients log in, follow from an issuer that is an https URL (RFC
 * 8414 section 3.1). For another issuer the operator writes both.
 */
const placesAreKnown: Check = ({ issuers, isBad }) =>
  [...issuers].flatMap(([name, fields]) => {
    const { issuer, allowInsecureHttp, verify, introspection } = fields;
    if (issuer === undefined || allowInsecureHttp === undefined) return [];
    if (canMetadataFollow(issuer, allowInsecureHttp)) return [];
    const has = (field: 'jwksUri' | 'metadataUrl' | 'authorizationServers'): boolean =>
      (fields[field] ?? '').length > 0 || isBad(['issuers', name, field]);
    const needsNoKeys = verify === 'introspection' && introspection?.url !== undefined;
    const missing = [
      has('jwksUri') || has('metadataUrl') || needsNoKeys ? null : 'jwksUri or metadataUrl',
      has('authorizationServers') ? null : 'authorizationServers (where clients log in)',
    ].filter((field) => field !== null);
    if (missing.length === 0) return [];
    const message =
      'write an https URL such as https://auth.example.com, without query or fragment (http only ' +
      'on loopback, or with allowInsecureHttp: true on a private network). If tokens have exactly ' +
      `this iss, keep it and add ${missing.join(', and ')}`;
    return [{ path: ['issuers', name, 'issuer'], message }];
  });

export const issuerUrlChecks: readonly Check[] = [urlsAreProtected, placesAreKnown];
