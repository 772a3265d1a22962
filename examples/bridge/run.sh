#!/bin/sh
# Shows the bridge: a client with a form for URL, client id and client secret gets a token for its
# API key. It needs nothing but these three values.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/functions.sh"

portcullis hash-key --line --name customer-1 --scopes files:read --prefix sk_live_ \
  2> "$work/key" > "$work/keys.jsonl" || fail "$(cat "$work/key")"
key=$(sed -n 's/^ *\(sk_live_[A-Za-z0-9_-]*\)$/\1/p' "$work/key")
BRIDGE_KEY=$(node "$lib/signing-key.mjs")
export BRIDGE_KEY
start_server
start_gateway

step 'The user fills the form: the URL, the client id, and the API key as the client secret.'
echo "  URL:       $url"
echo '  client id: files-connector'
step 'The client calls the MCP server:'
answer=$(CLIENT_SECRET=$key node "$here/connect.mjs" "$url" files-connector) || fail "$answer"
echo "$answer"
expect 'status: 200'
expect 'the server received no Authorization, no X-Api-Key'

step 'With a wrong client secret there is no token:'
answer=$(CLIENT_SECRET=sk_live_$(new_secret) node "$here/connect.mjs" "$url" files-connector) || :
echo "$answer"
expect '401 invalid_client'

step 'With a wrong client id there is no token either, and the answer is the same:'
answer=$(CLIENT_SECRET=$key node "$here/connect.mjs" "$url" another-id) || :
echo "$answer"
expect '401 invalid_client'

step 'All as expected.'
