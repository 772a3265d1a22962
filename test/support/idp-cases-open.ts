// Access tokens of Keycloak and of any issuer, with the presets generic and rfc9068.
import { claims, type IdpCase, RESOURCE_HERE } from './idp-case.js';

export const openCases: readonly IdpCase[] = [
  {
    preset: 'keycloak',
    path: '/keycloak',
    issuer: { issuer: 'https://login.example.com/realms/acme' },
    header: { typ: 'JWT' },
    claims: { typ: 'Bearer', sub: 'f:1', azp: 'app', sid: 's', scope: 'openid files:read', realm_access: { roles: ['user'] } },
    caller: { subject: 'f:1', clientId: 'app' },
    variants: [['with account as second audience', claims({ aud: ['account', RESOURCE_HERE] })]],
    rejected: [
      ['an ID token without nonce', claims({ typ: 'ID' }), 'token.type'],
      ['a refresh token', claims({ typ: 'Refresh' }), 'token.type'],
      ['a logout token', claims({ typ: 'Logout' }), 'token.type'],
      ['no typ', claims({ typ: undefined }), 'token.type'],
      ['the typ in lower case', claims({ typ: 'bearer' }), 'token.type'],
      ['another realm', claims({ iss: 'https://login.example.com/realms/other' }), 'token.issuer'],
      ['the issuer of versions before 17', claims({ iss: 'https://login.example.com/auth/realms/acme' }), 'token.issuer'],
      ['the issuer by its internal host name', claims({ iss: 'http://keycloak:8080/realms/acme' }), 'token.issuer'],
      ['account alone as audience, without a mapper', claims({ aud: 'account' }), 'audience.mismatch'],
      ['no audience, although azp is a good client', claims({ aud: undefined }), 'audience.mismatch'],
      ['no sub, from a lightweight token', claims({ sub: undefined }), 'token.claims'],
      ['a role instead of a scope', claims({ scope: '', realm_access: { roles: ['files:read'] } }), 'scope.insufficient'],
    ],
  },
  {
    preset: 'generic',
    path: '/generic',
    issuer: { issuer: 'https://auth.example.com/any', requireTenant: true },
    header: { typ: 'JWT' },
    claims: { sub: 'alice', azp: 'app', tid: 't1', scp: ['files:read'] },
    caller: { subject: 'alice', clientId: 'app' },
    variants: [
      ['strict', { header: { typ: 'at+jwt' }, claims: { client_id: 'app', org_id: 'o', scope: 'files:read', scp: undefined } }],
    ],
    rejected: [
      ['an ID token without nonce', claims({ aud: 'app', scp: undefined }), 'audience.mismatch'],
      ['no audience', claims({ aud: undefined }), 'audience.mismatch'],
      ['no tenant, where one is required', claims({ tid: undefined }), 'token.claims'],
      ['an issuer with a slash', claims({ iss: 'https://auth.example.com/any/' }), 'token.issuer'],
    ],
  },
  {
    preset: 'rfc9068',
    path: '/rfc9068',
    issuer: { issuer: 'https://strict.example.com' },
    header: { typ: 'at+jwt' },
    claims: { sub: 'alice', client_id: 'app', scope: 'files:read' },
    caller: { subject: 'alice', clientId: 'app' },
    variants: [['with the whole media type', { header: { typ: 'application/at+jwt' } }]],
    rejected: [
      ['typ JWT', { header: { typ: 'JWT' } }, 'token.type'],
      ['no typ', { header: { typ: undefined } }, 'token.type'],
      ['an ID token', { header: { typ: 'JWT' }, claims: { aud: 'app', scope: undefined } }, 'token.type'],
      ['the scope in scp', claims({ scope: '', scp: ['files:read'] }), 'scope.insufficient'],
    ],
  },
];
