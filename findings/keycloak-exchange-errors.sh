#!/bin/sh
# Shows that Keycloak swaps the error codes of a token exchange: only the HTTP status says whose
# fault an error is.
#
# Software:  Keycloak 26.7.3, in development mode
# Observed:  2026-11-30
# Needs:     JDK 17 or newer, Maven, unzip, Node 20 or newer, the package registries, `timeout`
#
# RFC 8693 section 2.2.2: a server that does not serve the audience answers invalid_target. RFC 6749
# section 5.2: invalid_client means that the client did not authenticate, and unauthorized_client
# that it authenticated and may not use the grant.
#
# Expected:  400 invalid_target for an audience that no client has; 401 invalid_client for a wrong
#            secret.
# Behaviour: 400 invalid_client for the audience, and 401 unauthorized_client for the secret. A
#            gateway that reads the code alone blames its own secret for the token of a caller.
#
# Exit code 0: the behaviour is as stated; 1: it differs; 2: the server cannot be installed.
set -eu
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; sleep 2; rm -rf "$folder"' EXIT
trap 'exit 2' INT TERM
cd "$folder"
plugin=org.apache.maven.plugins:maven-dependency-plugin:3.6.1
artifact=org.keycloak:keycloak-quarkus-dist:26.7.3:zip
timeout 600 mvn -B -q "$plugin:get" -Dartifact="$artifact" -Dtransitive=false || exit 2
timeout 120 mvn -B -q "$plugin:copy" -Dartifact="$artifact" -DoutputDirectory=. || exit 2
unzip -q keycloak-quarkus-dist-26.7.3.zip || exit 2

port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => {
  console.log(s.address().port); s.close(); })')
KC_BOOTSTRAP_ADMIN_USERNAME=admin KC_BOOTSTRAP_ADMIN_PASSWORD=admin \
  timeout 400 keycloak-26.7.3/bin/kc.sh start-dev --http-host=127.0.0.1 --http-port="$port" \
  --cache=local --health-enabled=false > keycloak.log 2>&1 &
server=$!

cat > run.mjs <<'JS'
const base = `http://127.0.0.1:${process.argv[2]}`;
const signal = () => AbortSignal.timeout(30_000);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

for (let tries = 0; ; tries += 1) {
  const answer = await fetch(`${base}/realms/master`, { signal: signal() }).catch(() => undefined);
  if (answer?.status === 200) break;
  if (tries === 300) throw new Error('Keycloak does not start');
  await sleep(500);
}

async function token(form, [id, secret] = []) {
  const headers =
    id === undefined ? {} : { authorization: `Basic ${btoa(`${id}:${secret}`)}` };
  const url = `${base}/realms/master/protocol/openid-connect/token`;
  const body = new URLSearchParams(form);
  const response = await fetch(url, { method: 'POST', headers, body, signal: signal() });
  return { status: response.status, ...(await response.json()) };
}

const login = { grant_type: 'password', client_id: 'admin-cli', username: 'admin', password: 'admin' };
const admin = (await token(login)).access_token;
const response = await fetch(`${base}/admin/realms/master/clients`, {
  method: 'POST',
  headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
  body: JSON.stringify({
    clientId: 'gateway',
    protocol: 'openid-connect',
    publicClient: false,
    secret: 'right',
    serviceAccountsEnabled: true,
    attributes: { 'standard.token.exchange.enabled': 'true' },
  }),
  signal: signal(),
});
if (response.status !== 201) throw new Error(`no client: ${response.status}`);

const subject = await token({ grant_type: 'client_credentials' }, ['gateway', 'right']);
const exchange = (audience, secret) =>
  token(
    {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: subject.access_token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      ...(audience === null ? {} : { audience }),
    },
    ['gateway', secret],
  );
const shown = ({ status, error = 'a token' }) => `${status} ${error}`;
const seen = {
  'a good exchange': shown(await exchange(null, 'right')),
  'an unknown audience': shown(await exchange('no-such-client', 'right')),
  'a wrong secret': shown(await exchange(null, 'wrong')),
};
for (const [name, text] of Object.entries(seen)) console.log(`${name}: ${text}`);
const stated = ['200 a token', '400 invalid_client', '401 unauthorized_client'];
process.exitCode = Object.values(seen).join() === stated.join() ? 0 : 1;
JS
timeout 240 node run.mjs "$port"
