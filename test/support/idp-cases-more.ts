// Access tokens of hosted services: Clerk, Descope, Scalekit and Logto.
import { claims, type IdpCase, RESOURCE_HERE } from './idp-case.js';

export const moreCases: readonly IdpCase[] = [
  {
    preset: 'clerk',
    path: '/clerk',
    issuer: { issuer: 'https://clerk.example.com' },
    header: { typ: 'at+jwt' },
    claims: { sub: 'user_01', client_id: 'app', scope: 'openid files:read', jti: 'oat_1' },
    caller: { subject: 'user_01', clientId: 'app' },
    variants: [
      ['with its organization', claims({ org_id: 'org_1' })],
      ['with azp and a list of scopes', claims({ client_id: undefined, azp: 'app', scope: undefined, scp: ['files:read'] })],
    ],
    rejected: [
      ['a session token', { header: { typ: 'JWT' }, claims: { azp: 'https://app.example.com', sid: 's' } }, 'token.type'],
      ['an ID token', { header: { typ: 'JWT' }, claims: { aud: 'app', scope: undefined, nonce: 'n' } }, 'token.type'],
      ['no typ', { header: { typ: undefined } }, 'token.type'],
      ['no audience, without an MCP server entry', claims({ aud: undefined }), 'audience.mismatch'],
      ['another instance', claims({ iss: 'https://other.clerk.accounts.dev' }), 'token.issuer'],
      ['an issuer with a slash', claims({ iss: 'https://clerk.example.com/' }), 'token.issuer'],
    ],
  },
  {
    preset: 'descope',
    path: '/descope',
    issuer: { issuer: 'https://api.descope.com/v1/apps/agentic/P2abc/MS3def', requireTenant: true },
    header: { typ: 'JWT' },
    claims: { sub: 'U2x', azp: 'app', aud: ['P2abc', RESOURCE_HERE], scope: 'files:read', dct: 't1', tenants: { t1: {} } },
    caller: { subject: 'U2x', clientId: 'app' },
    variants: [['with the resource alone', claims({ aud: RESOURCE_HERE })]],
    rejected: [
      ['the project alone as audience', claims({ aud: 'P2abc' }), 'audience.mismatch'],
      ['the MCP server of another resource', claims({ aud: ['P2abc', 'https://other.example.com/mcp'] }), 'audience.mismatch'],
      ['an ID token', claims({ aud: 'app', scope: undefined, nonce: 'n' }), 'audience.mismatch'],
      ['a project token', claims({ iss: 'https://api.descope.com/v1/apps/P2abc' }), 'token.issuer'],
      ['another MCP server', claims({ iss: 'https://api.descope.com/v1/apps/agentic/P2abc/MS4' }), 'token.issuer'],
      ['no current tenant, where one is required', claims({ dct: undefined }), 'token.claims'],
      ['a permission instead of a scope', claims({ scope: 'openid', permissions: ['files:read'] }), 'scope.insufficient'],
    ],
  },
  {
    preset: 'scalekit',
    path: '/scalekit',
    issuer: { issuer: 'https://acme.scalekit.com/resources/res_1', audience: ['res_1'], requireTenant: true },
    header: { typ: 'JWT' },
    claims: { sub: 'usr_1', client_id: 'app', org_id: 'org_1', scope: 'files:read' },
    caller: { subject: 'usr_1', clientId: 'app' },
    variants: [
      ['with the id of the resource', claims({ aud: ['res_1'] })],
      ['of a machine', claims({ sub: 'm2m_1', client_id: 'm2m_1' })],
    ],
    rejected: [
      ['an ID token', claims({ aud: 'res_1', scope: undefined }), 'audience.mismatch'],
      ['an ID token with nonce', claims({ aud: 'app', scope: undefined, nonce: 'n' }), 'audience.mismatch'],
      ['another resource', claims({ aud: 'res_2' }), 'audience.mismatch'],
      ['the issuer of the environment', claims({ iss: 'https://acme.scalekit.com' }), 'token.issuer'],
      ['no organization, where one is required', claims({ org_id: undefined, oid: 'org_1' }), 'token.claims'],
    ],
  },
  {
    preset: 'logto',
    path: '/logto',
    // The keys of the test sign RS256.
    issuer: { issuer: 'https://acme.logto.app/oidc', algorithms: ['RS256'], requireTenant: true },
    header: { typ: 'at+jwt' },
    claims: { sub: 'u1', client_id: 'app', organization_id: 'o1', scope: 'files:read', jti: 'j' },
    caller: { subject: 'u1', clientId: 'app' },
    variants: [['with typ JWT', { header: { typ: 'JWT' } }]],
    rejected: [
      ['an ID token', { header: { typ: 'JWT' }, claims: { aud: 'app', scope: undefined } }, 'audience.mismatch'],
      [
        'an ID token with nonce',
        { header: { typ: 'JWT' }, claims: { aud: 'app', scope: undefined, nonce: 'n' } },
        'audience.mismatch',
      ],
      ['another API resource', claims({ aud: 'https://other.example.com/mcp' }), 'audience.mismatch'],
      ['an issuer with a slash', claims({ iss: 'https://acme.logto.app/oidc/' }), 'token.issuer'],
      ['no organization, where one is required', claims({ organization_id: undefined }), 'token.claims'],
    ],
  },
];
