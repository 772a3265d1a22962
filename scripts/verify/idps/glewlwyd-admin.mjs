// Sets up Glewlwyd over its REST API: a scope, a user, clients and the OpenID Connect plugin.
import { generateKeyPairSync } from 'node:crypto';

const CALL_MS = 20_000;

/** Logs a user in and returns a function that sends JSON with the cookie, and the cookie. */
export async function sessionOf(base, username, password) {
  const send = async (method, path, json, cookie) => {
    const response = await fetch(`${base}/api${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...(cookie ? { cookie } : {}) },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      signal: AbortSignal.timeout(CALL_MS),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return { response, json: text === '' ? undefined : JSON.parse(text) };
  };
  const { response } = await send('POST', '/auth/', { username, password });
  const cookie = response.headers.getSetCookie()[0].split(';', 1)[0];
  return { cookie, send: (method, path, json) => send(method, path, json, cookie) };
}

const newKey = (kid) => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' };
};

/** Resource indicators and PKCE are off by default. */
const parameters = (issuer, keys, resources) => ({
  iss: issuer,
  'jwks-private': JSON.stringify({ keys }),
  'jwks-show': true,
  'jwt-type': 'rsa',
  'jwt-key-size': '256',
  'access-token-duration': 3600,
  'refresh-token-duration': 3600,
  'code-duration': 600,
  'refresh-token-rolling': true,
  'allow-non-oidc': true,
  'auth-type-code-enabled': true,
  'auth-type-client-enabled': true,
  'auth-type-refresh-enabled': true,
  'auth-type-token-enabled': false,
  'auth-type-id-token-enabled': true,
  'auth-type-password-enabled': false,
  'auth-type-device-enabled': false,
  'pkce-allowed': true,
  'pkce-method-plain-allowed': false,
  'introspection-revocation-allowed': true,
  'introspection-revocation-allow-target-client': true,
  'subject-type': 'public',
  'resource-allowed': true,
  'resource-scope': resources,
  'resource-scope-and-client-property': false,
});

export async function setUp(admin, { plugin, issuer, scope, resources, secret, redirectUri }) {
  await admin.send('POST', '/scope/', {
    name: scope,
    display_name: scope,
    description: scope,
    password_required: false,
    scheme: {},
  });
  await admin.send('POST', '/user/', {
    username: 'alice',
    password: 'a-password',
    name: 'Alice',
    email: 'alice@example.com',
    scope: ['openid', 'g_profile', scope],
    enabled: true,
  });
  for (const [client, types] of [
    ['m2m', ['client_credentials']],
    ['web', ['code', 'refresh_token']],
  ])
    await admin.send('POST', '/client/', {
      client_id: client,
      name: client,
      password: secret,
      confidential: true,
      authorization_type: types,
      redirect_uri: [redirectUri],
      token_endpoint_auth_method: ['client_secret_basic'],
      scope: types[0] === 'code' ? [] : [scope],
      enabled: true,
    });
  const keys = [newKey('key-1')];
  const module = { module: 'oidc', name: plugin, display_name: plugin, enabled: true };
  const body = () => ({ ...module, parameters: parameters(issuer, keys, { [scope]: resources }) });
  await admin.send('POST', '/mod/plugin/', body());
  return {
    /** The new key signs; the others stay in the key set. */
    async rotate() {
      keys.unshift(newKey(`key-${keys.length + 1}`));
      await admin.send('PUT', `/mod/plugin/${plugin}`, body());
      await admin.send('PUT', `/mod/plugin/${plugin}/reset`);
    },
  };
}
