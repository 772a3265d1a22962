#!/bin/sh
# Shows the secret swap: the gateway verifies the one secret that all clients share, and presents
# another one to the MCP server.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/functions.sh"

secret=$(new_secret)
UPSTREAM_AUTHORIZATION="Bearer $(new_secret)"
export UPSTREAM_AUTHORIZATION SERVER_AUTHORIZATION="$UPSTREAM_AUTHORIZATION"

# `--stdin` reads an existing secret, and prints its entry without it.
entry=$(echo "$secret" | portcullis hash-key --stdin --name old-clients) || fail 'hash-key failed'
hash=$(echo "$entry" | sed -n 's/.*sha256: *"*\([0-9a-f]*\).*/\1/p')
edit() { sed "s/0\{64\}/$hash/"; }
start_server
start_gateway

step 'A client sends the shared secret under Token. The MCP server gets its own secret instead:'
CREDENTIAL="Authorization: Token $secret" call read_file
expect 'status: 200'
expect 'the server received "Bearer" and its secret'

step 'Another secret gets 401. The MCP server does not see the call:'
CREDENTIAL="Authorization: Token $(new_secret)" call read_file
expect 'status: 401'

step 'The gateway rejects a client that sends the secret of the MCP server:'
CREDENTIAL="Authorization: $UPSTREAM_AUTHORIZATION" call read_file
expect 'status: 401'

step 'All as expected.'
