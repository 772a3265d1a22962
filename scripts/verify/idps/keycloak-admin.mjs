// Sets up a realm of Keycloak over its REST API, as docs/idps.md says.

const CALL_MS = 30_000;

/** A client of the REST API of the administrator. */
export async function adminOf(base) {
  const form = { grant_type: 'password', client_id: 'admin-cli', username: 'admin' };
  const response = await fetch(`${base}/realms/master/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams({ ...form, password: 'admin' }),
    signal: AbortSignal.timeout(CALL_MS),
  });
  const { access_token: token } = await response.json();
  return async (method, path, json) => {
    const answer = await fetch(`${base}/admin/realms${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      signal: AbortSignal.timeout(CALL_MS),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
}

/** A mapper that adds an audience: any text, or (`client`) the id of a client. */
const audienceMapper = (audience, kind = 'custom') => ({
  name: 'audience',
  protocol: 'openid-connect',
  protocolMapper: 'oidc-audience-mapper',
  config: {
    [`included.${kind}.audience`]: audience,
    'access.token.claim': 'true',
    'introspection.token.claim': 'true',
    'id.token.claim': 'false',
  },
});

export const noTokens = { publicClient: false, secret: 's3cret', standardFlowEnabled: false };
export const machine = { ...noTokens, serviceAccountsEnabled: true };

/** The clients: two of users, two of machines, and those of the gateway. */
const clients = (resource, scope) => [
  { clientId: 'm2m', ...machine },
  { clientId: 'other', ...machine, defaultClientScopes: ['basic', 'other'] },
  { clientId: 'password', publicClient: true, directAccessGrantsEnabled: true },
  // Keycloak answers only clients that are in the audience of the token.
  {
    clientId: resource,
    ...noTokens,
    attributes: { 'standard.token.exchange.enabled': 'true' },
    defaultClientScopes: ['basic', 'narrow'],
    optionalClientScopes: [scope],
  },
  {
    clientId: 'lenient',
    ...noTokens,
    attributes: { 'allow.token.introspection.without.audience.check': 'true' },
  },
  { clientId: 'narrow', ...noTokens },
];

/**
 * Makes the realm. The scope of the endpoint has the audience mapper: a client that registers with
 * this scope loses the default scopes of the realm, and with them a mapper there.
 */
export async function setUpRealm(admin, realm, resource, scope) {
  await admin('POST', '', { realm, enabled: true, accessTokenLifespan: 1800 });
  for (const [name, ...audience] of [
    [scope, resource],
    ['other', 'http://127.0.0.1:9/other/mcp'],
    ['narrow', 'narrow', 'client'],
  ])
    await admin('POST', `/${realm}/client-scopes`, {
      name,
      protocol: 'openid-connect',
      attributes: { 'include.in.token.scope': 'true', 'display.on.consent.screen': 'false' },
      protocolMappers: [audienceMapper(...audience)],
    });
  const scopes = await admin('GET', `/${realm}/client-scopes`);
  const { id } = scopes.find(({ name }) => name === scope);
  await admin('PUT', `/${realm}/default-optional-client-scopes/${id}`);
  for (const client of clients(resource, scope))
    await admin('POST', `/${realm}/clients`, { protocol: 'openid-connect', ...client });
  await admin('POST', `/${realm}/users`, {
    username: 'alice',
    enabled: true,
    email: 'alice@example.com',
    emailVerified: true,
    firstName: 'Alice',
    lastName: 'A',
    credentials: [{ type: 'password', value: 'password', temporary: false }],
  });
}

/** The policy for clients that register themselves trusts this machine only. */
export async function trustLoopback(admin, realm) {
  const type = 'org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy';
  const policies = await admin('GET', `/${realm}/components?type=${type}`);
  const policy = policies.find(({ providerId }) => providerId === 'trusted-hosts');
  policy.config['trusted-hosts'] = ['127.0.0.1'];
  await admin('PUT', `/${realm}/components/${policy.id}`, policy);
}

/** Adds an RSA key with which the realm signs from now on. The keys before it stay. */
export async function addKey(admin, realm) {
  const { id } = await admin('GET', `/${realm}`);
  const priority = String(1000 + Math.floor(performance.now() / 10));
  const config = { priority: [priority], keySize: ['2048'], algorithm: ['RS256'] };
  await admin('POST', `/${realm}/components`, {
    name: `rsa-${priority}`,
    providerId: 'rsa-generated',
    providerType: 'org.keycloak.keys.KeyProvider',
    parentId: id,
    config: { ...config, enabled: ['true'], active: ['true'] },
  });
}
