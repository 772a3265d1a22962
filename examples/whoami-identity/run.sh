#!/bin/sh
# Shows the identity JWT: two users of one client call an MCP server that verifies who calls.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/functions.sh"

IDENTITY_KEY=$(node "$lib/signing-key.mjs")
port=$(free_port)
export IDENTITY_KEY GATEWAY="http://127.0.0.1:$port" AUDIENCE=files-backend
start_idp
start_server "$here/server.mjs"
start_gateway "$port"

step "Alice calls $url and asks who she is. The gateway"
echo 'verifies her token, and the server verifies the JWT of the gateway:'
alice=$(token_of alice)
CREDENTIAL="Authorization: Bearer $alice" call whoami
expect 'status: 200'
expect 'you are alice,'

step 'Bob has the same client, and is another user:'
CREDENTIAL="Authorization: Bearer $(token_of bob)" call whoami
expect 'status: 200'
expect 'you are bob,'

step 'Without the gateway, the server rejects the token of Alice:'
url=$server/mcp
CREDENTIAL="Authorization: Bearer $alice" call whoami
expect 'status: 401'

step 'All as expected.'
