// Access tokens as identity providers issue them: for each preset, accepted tokens and near misses.
type Fields = Record<string, unknown>;

/** In an `aud`: the resource of the endpoint that the test calls. */
export const RESOURCE_HERE = '{resource}';

export interface Change {
  readonly header?: Fields;
  readonly claims?: Fields;
}

export interface IdpCase {
  readonly preset: string;
  /** The path of its endpoint. */
  readonly path: string;
  /** Fields of the issuer beside the preset. */
  readonly issuer: Fields & { readonly issuer: string };
  readonly header: Fields;
  /**
   * Claims of the good token. The test adds `iss`, `exp`, `iat` and an `aud` of the resource where
   * they are absent.
   */
  readonly claims: Fields;
  /** Subject and client of the log line. */
  readonly caller: { readonly subject: string; readonly clientId: string | undefined };
  /** Changes that make other accepted tokens. */
  readonly variants: readonly (readonly [name: string, change: Change])[];
  readonly rejected: readonly (readonly [name: string, change: Change, reason: string])[];
}

const TENANT = '11111111-2222-3333-4444-555555555555';
const OTHER_TENANT = '99999999-2222-3333-4444-555555555555';
const API = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee';
const claims = (changes: Fields): Change => ({ claims: changes });

export const idpCases: readonly IdpCase[] = [
  {
    preset: 'workos',
    path: '/workos',
    issuer: { issuer: 'https://acme.authkit.app', audience: ['client_01ABC'], requireTenant: true },
    header: { typ: 'JWT' },
    claims: { sub: 'user_01', sid: 'session_01', org_id: 'org_01', client_id: 'client_01DCR', scope: 'openid files:read' },
    caller: { subject: 'user_01', clientId: 'client_01DCR' },
    variants: [
      ['whose client requested no resource', claims({ aud: 'client_01ABC' })],
      ['without a client', claims({ client_id: undefined })],
    ],
    rejected: [
      ['an ID token without nonce', claims({ aud: 'client_01ABC', scope: undefined }), 'audience.mismatch'],
      ['an ID token with nonce', claims({ nonce: 'n' }), 'token.type'],
      ['the audience of another client', claims({ aud: 'client_02DEF' }), 'audience.mismatch'],
      ['no audience', claims({ aud: undefined }), 'audience.mismatch'],
      ['an issuer with a slash', claims({ iss: 'https://acme.authkit.app/' }), 'token.issuer'],
      ['another environment', claims({ iss: 'https://other.authkit.app' }), 'token.issuer'],
      ['a session token', claims({ iss: 'https://api.workos.com/user_management/client_01ABC', aud: undefined }), 'token.issuer'],
      ['no organization, where one is required', claims({ org_id: undefined }), 'token.claims'],
      ['the scope in permissions alone', claims({ scope: 'openid', permissions: ['files:read'] }), 'scope.insufficient'],
    ],
  },
  {
    preset: 'workos-session',
    path: '/workos-session',
    issuer: { issuer: 'https://api.workos.com/user_management/client_01ABC', requireTenant: true },
    header: { typ: undefined },
    claims: { aud: undefined, sub: 'user_01', sid: 'session_01', org_id: 'org_01', role: 'member', permissions: ['files:read'] },
    caller: { subject: 'user_01', clientId: 'client_01ABC' },
    variants: [['with an actor who acts for the user', claims({ act: { sub: 'admin@example.com' } })]],
    rejected: [
      ['another client', claims({ iss: 'https://api.workos.com/user_management/client_02DEF' }), 'token.issuer'],
      ['the older issuer, without a client', claims({ iss: 'https://api.workos.com' }), 'token.issuer'],
      ['an issuer with a slash', claims({ iss: 'https://api.workos.com/user_management/client_01ABC/' }), 'token.issuer'],
      ['an audience, of another client', claims({ aud: 'client_02DEF' }), 'audience.mismatch'],
      ['an empty list of audiences', claims({ aud: [] }), 'audience.mismatch'],
      ['an ID token without nonce', claims({ aud: 'client_01ABC', permissions: undefined }), 'audience.mismatch'],
      ['no organization, where one is required', claims({ org_id: undefined }), 'token.claims'],
      ['one permission missing', claims({ permissions: [] }), 'scope.insufficient'],
      ['the permission in scope', claims({ permissions: [], scope: 'files:read' }), 'scope.insufficient'],
    ],
  },
  {
    preset: 'auth0',
    path: '/auth0',
    issuer: { issuer: 'https://acme.us.auth0.com/', requireTenant: true },
    header: { typ: 'JWT' },
    claims: { sub: 'auth0|alice', azp: 'app1', scope: 'openid files:read', org_id: 'org_1', permissions: ['files:write'] },
    caller: { subject: 'auth0|alice', clientId: 'app1' },
    variants: [
      ['of the RFC 9068 profile', { header: { typ: 'at+jwt' }, claims: { azp: undefined, client_id: 'app1' } }],
      ['with userinfo as second audience', claims({ aud: [RESOURCE_HERE, 'https://acme.us.auth0.com/userinfo'] })],
      ['of a machine', claims({ sub: 'app1@clients', gty: 'client-credentials', permissions: undefined })],
    ],
    rejected: [
      ['an issuer without its slash', claims({ iss: 'https://acme.us.auth0.com' }), 'token.issuer'],
      ['another tenant', claims({ iss: 'https://evil.us.auth0.com/' }), 'token.issuer'],
      ['an ID token without nonce', claims({ aud: 'app1', scope: undefined, permissions: undefined }), 'audience.mismatch'],
      ['userinfo alone as audience', claims({ aud: 'https://acme.us.auth0.com/userinfo' }), 'audience.mismatch'],
      ['no organization, where one is required', claims({ org_id: undefined }), 'token.claims'],
      [
        'a permission of the user that the client did not request',
        claims({ scope: '', permissions: ['files:read'] }),
        'scope.insufficient',
      ],
    ],
  },
  {
    preset: 'okta',
    path: '/okta',
    issuer: { issuer: 'https://acme.okta.com/oauth2/default', audience: ['api://default'] },
    header: { typ: undefined },
    claims: { aud: 'api://default', sub: 'alice@example.com', uid: '00u1', cid: '0oa1', ver: 1, scp: ['openid', 'files:read'] },
    caller: { subject: '00u1', clientId: '0oa1' },
    variants: [['for the resource', claims({ aud: RESOURCE_HERE })]],
    rejected: [
      ['a token of the org server', claims({ iss: 'https://acme.okta.com', aud: 'https://acme.okta.com' }), 'token.issuer'],
      ['another custom server', claims({ iss: 'https://acme.okta.com/oauth2/aus1' }), 'token.issuer'],
      ['an issuer with a slash', claims({ iss: 'https://acme.okta.com/oauth2/default/' }), 'token.issuer'],
      ['an ID token without nonce', claims({ aud: '0oa1', scp: undefined }), 'audience.mismatch'],
      ['another audience', claims({ aud: 'api://other' }), 'audience.mismatch'],
      ['a uid that is not a string', claims({ uid: 1 }), 'token.claims'],
      ['one scope missing', claims({ scp: ['openid'] }), 'scope.insufficient'],
      ['the scope in scope', claims({ scp: ['openid'], scope: 'files:read' }), 'scope.insufficient'],
    ],
  },
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
    issuer: { issuer: `https://sts.windows.net/${TENANT}/` },
    header: { typ: 'JWT' },
    claims: { ver: '1.0', sub: 'pairwise', oid: 'object-1', tid: TENANT, appid: 'app-1', scp: 'files:read' },
    caller: { subject: 'object-1', clientId: 'app-1' },
    variants: [],
    rejected: [
      ['v2', claims({ iss: `https://login.microsoftonline.com/${TENANT}/v2.0`, ver: '2.0' }), 'token.issuer'],
      ['another tenant', claims({ iss: `https://sts.windows.net/${OTHER_TENANT}/` }), 'token.issuer'],
      ['an issuer without its slash', claims({ iss: `https://sts.windows.net/${TENANT}` }), 'token.issuer'],
      ['the application, which is not listed', claims({ aud: API }), 'audience.mismatch'],
    ],
  },
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
