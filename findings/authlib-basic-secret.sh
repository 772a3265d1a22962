#!/bin/sh
# Shows that Authlib with a "+" in its secret cannot authenticate by Basic at oidc-provider.
#
# Software:  Authlib 1.9.10 with requests 2.32.5, at oidc-provider 9.13.3
# Observed:  2026-11-29
# Needs:     Node 22 (Node 20 works, with a warning), npm, Python 3.10 or newer with venv and pip,
#            the package registries, `timeout`
#
# RFC 6749, section 2.3.1 with appendix B: the client form-encodes its id and its secret before it
# builds the Basic credentials. The "+" of a Base64 secret thus becomes "%2B".
#
# Expected:  a token, with client_secret_basic and with client_secret_post.
# Behaviour: OAuth2Session of Authlib puts the secret into Basic as it is. oidc-provider decodes
#            "+" to a space and answers invalid_client. The same secret works with
#            client_secret_post, and with Basic of oauth4webapi 3.8.8.
#
# Exit code 0: the behaviour is as stated; 1: it differs; 2: the packages cannot be installed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 2' INT TERM
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
timeout 180 npm install --silent --ignore-scripts --no-audit --no-fund \
  oidc-provider@9.13.3 oauth4webapi@3.8.8 || exit 2
python3 -m venv env || exit 2
timeout 180 env/bin/pip install --quiet --disable-pip-version-check \
  authlib==1.9.10 requests==2.32.5 || exit 2

# Prints the result of Authlib. Arguments: token endpoint, client id, secret, method.
cat > client.py <<'SCRIPT'
import sys
from importlib.metadata import version

from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session

endpoint, client_id, secret, method = sys.argv[1:]
session = OAuth2Session(client_id, secret, token_endpoint_auth_method=method)
try:
    session.fetch_token(endpoint, grant_type="client_credentials", timeout=10)
    print(f"Authlib {version('authlib')}: token")
except OAuthError as failure:
    print(f"Authlib {version('authlib')}: {failure.error}")
SCRIPT

cat > run.mjs <<'SCRIPT'
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import * as oauth from 'oauth4webapi';
import Provider from 'oidc-provider';

setTimeout(() => {
  console.error('no result after 50 s');
  process.exit(1);
}, 50_000).unref();

// The form that `openssl rand -base64 24` prints.
const SECRET = 'p3+Zk1mV/8sQd+0yTnB5xw7LrJcEaH2u';
const methods = ['client_secret_basic', 'client_secret_post'];

const server = createServer();
await once(server.listen(0, '127.0.0.1'), 'listening');
const issuer = `http://127.0.0.1:${server.address().port}`;
const provider = new Provider(issuer, {
  features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
  ttl: { ClientCredentials: 60 },
  clients: methods.map((method) => ({
    client_id: method,
    client_secret: SECRET,
    token_endpoint_auth_method: method,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
  })),
});
server.on('request', provider.callback());

const run = promisify(execFile);
async function authlib(method) {
  const words = ['client.py', `${issuer}/token`, method, SECRET, method];
  return (await run('env/bin/python', words, { timeout: 20_000 })).stdout.trim();
}

async function oauth4webapi(method) {
  const as = { issuer, token_endpoint: `${issuer}/token` };
  const client = { client_id: method };
  const login = oauth.ClientSecretBasic(SECRET);
  const options = { [oauth.allowInsecureRequests]: true, signal: AbortSignal.timeout(10_000) };
  const response = await oauth.clientCredentialsGrantRequest(as, client, login, {}, options);
  return response.status === 200 ? 'token' : (await response.json()).error;
}

const versionOf = (name) => JSON.parse(readFileSync(`node_modules/${name}/package.json`)).version;
console.log(`oidc-provider ${versionOf('oidc-provider')}`);
console.log('expected (RFC 6749 section 2.3.1, appendix B): a token in each of the three lines');
const basic = await authlib('client_secret_basic');
const post = await authlib('client_secret_post');
const other = await oauth4webapi('client_secret_basic');
console.log(`client_secret_basic, ${basic}`);
console.log(`client_secret_post,  ${post}`);
console.log(`client_secret_basic, oauth4webapi ${versionOf('oauth4webapi')}: ${other}`);

const asStated =
  basic.endsWith(': invalid_client') && post.endsWith(': token') && other === 'token';
console.log(asStated ? 'as stated' : 'differs from the statement');
process.exit(asStated ? 0 : 1);
SCRIPT
NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 timeout 60 node run.mjs || exit 1
