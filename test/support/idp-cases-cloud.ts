// Access tokens of the large clouds: Entra ID and Cognito.
import { claims, type IdpCase, RESOURCE_HERE } from './idp-case.js';

const TENANT = '11111111-2222-3333-4444-555555555555';
const OTHER_TENANT = '99999999-2222-3333-4444-555555555555';
const API = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee';

export const cloudCases: readonly IdpCase[] = [
  {
    preset: 'entra',
    path: '/entra',
    issuer: { issuer: `https://login.microsoftonline.com/${TENANT}/v2.0`, audience: [API, `api://${API}`], requireTenant: true },
    header: { typ: 'JWT' },
    claims: {
      aud: API,
      ver: '2.0',
      sub: 'pairwise',
      oid: 'object-1',
      tid: TENANT,
      azp: 'app-1',
      azpacr: '0',
      scp: 'files:read x',
    },
    caller: { subject: 'object-1', clientId: 'app-1' },
    variants: [['for the application by its URI', claims({ aud: `api://${API}` })]],
    rejected: [
      [
        'another tenant',
        claims({ iss: `https://login.microsoftonline.com/${OTHER_TENANT}/v2.0`, tid: OTHER_TENANT }),
        'token.issuer',
      ],
      ['v1', claims({ iss: `https://sts.windows.net/${TENANT}/`, ver: '1.0' }), 'token.issuer'],
      ['the issuer of the common metadata', claims({ iss: 'https://login.microsoftonline.com/{tenantid}/v2.0' }), 'token.issuer'],
      ['an issuer with a slash', claims({ iss: `https://login.microsoftonline.com/${TENANT}/v2.0/` }), 'token.issuer'],
      ['an ID token without nonce', claims({ scp: undefined, azp: undefined, roles: ['files:read'] }), 'audience.mismatch'],
      [
        'a token for Graph',
        { header: { nonce: 'n' }, claims: { aud: '00000003-0000-0000-c000-000000000000' } },
        'audience.mismatch',
      ],
      ['the client as audience', claims({ aud: 'app-1' }), 'audience.mismatch'],
      ['no oid', claims({ oid: undefined }), 'token.claims'],
      ['no tenant, where one is required', claims({ tid: undefined }), 'token.claims'],
      ['a role of the user instead of a scope', claims({ scp: 'x', roles: ['files:read'] }), 'scope.insufficient'],
    ],
  },
  {
    preset: 'entra',
    path: '/entra-v1',
    issuer: { issuer: `https://sts.windows.net/${TENANT}/`, audience: [API, `api://${API}`] },
    header: { typ: 'JWT' },
    claims: { aud: API, ver: '1.0', sub: 'pairwise', oid: 'object-1', tid: TENANT, appid: 'app-1', scp: 'files:read' },
    caller: { subject: 'object-1', clientId: 'app-1' },
    variants: [
      ['for the application by its URI', claims({ aud: `api://${API}` })],
      ['for the resource, which is another URI of it', claims({ aud: RESOURCE_HERE })],
    ],
    rejected: [
      ['v2', claims({ iss: `https://login.microsoftonline.com/${TENANT}/v2.0`, ver: '2.0' }), 'token.issuer'],
      ['another tenant', claims({ iss: `https://sts.windows.net/${OTHER_TENANT}/` }), 'token.issuer'],
      ['an issuer without its slash', claims({ iss: `https://sts.windows.net/${TENANT}` }), 'token.issuer'],
      ['an application that is not listed', claims({ aud: OTHER_TENANT }), 'audience.mismatch'],
      ['a client instead of the API', claims({ aud: 'app-1' }), 'audience.mismatch'],
    ],
  },
  {
    preset: 'cognito',
    path: '/cognito',
    issuer: { issuer: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123', audience: ['4qf2h8k1app'] },
    header: { typ: undefined },
    claims: {
      aud: undefined,
      sub: 'uuid-1',
      username: 'alice',
      client_id: '4qf2h8k1app',
      token_use: 'access',
      scope: 'files:read',
    },
    caller: { subject: 'uuid-1', clientId: '4qf2h8k1app' },
    variants: [['bound to the resource', claims({ aud: RESOURCE_HERE })]],
    rejected: [
      ['another client of the pool', claims({ client_id: 'otherapp' }), 'audience.mismatch'],
      ['no client', claims({ client_id: undefined }), 'audience.mismatch'],
      ['a client that is not a string', claims({ client_id: ['4qf2h8k1app'] }), 'token.claims'],
      ['an ID token', claims({ token_use: 'id', aud: '4qf2h8k1app', client_id: undefined, scope: undefined }), 'token.type'],
      ['an ID token that looks like an access token', claims({ token_use: 'id' }), 'token.type'],
      ['no token_use', claims({ token_use: undefined }), 'token.type'],
      ['an audience of another resource', claims({ aud: 'https://other.example.com' }), 'audience.mismatch'],
      ['another pool', claims({ iss: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Other1' }), 'token.issuer'],
      ['another region', claims({ iss: 'https://cognito-idp.us-east-1.amazonaws.com/eu-west-1_AbC123' }), 'token.issuer'],
      [
        'an issuer with a slash',
        claims({ iss: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123/' }),
        'token.issuer',
      ],
      ['groups instead of a scope', claims({ scope: '', 'cognito:groups': ['files:read'] }), 'scope.insufficient'],
    ],
  },
  {
    preset: 'cognito',
    path: '/cognito-bound',
    // Clients send `resource`, so no client has to be listed.
    issuer: { issuer: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Bound1' },
    scopes: ['https://mcp.example.com/files/mcp/read'],
    header: { typ: undefined },
    claims: {
      sub: 'uuid-1',
      username: 'alice',
      client_id: '4qf2h8k1app',
      token_use: 'access',
      scope: 'https://mcp.example.com/files/mcp/read',
    },
    caller: { subject: 'uuid-1', clientId: '4qf2h8k1app' },
    variants: [['of any client', claims({ client_id: 'otherapp' })]],
    rejected: [
      ['not bound', claims({ aud: undefined }), 'audience.mismatch'],
      ['bound to another resource', claims({ aud: 'https://other.example.com' }), 'audience.mismatch'],
      ['an ID token', claims({ token_use: 'id', aud: '4qf2h8k1app', scope: undefined }), 'token.type'],
      ['the short name of a scope', claims({ scope: 'read' }), 'scope.insufficient'],
    ],
  },
];
