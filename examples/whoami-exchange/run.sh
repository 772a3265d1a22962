#!/bin/sh
# Shows the token exchange: the identity provider gives the gateway a token of the same user for the
# MCP server, which verifies it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/functions.sh"

EXCHANGE_SECRET=$(new_secret)
export EXCHANGE_SECRET
start_idp
export IDP="$idp"
start_server "$here/server.mjs"
start_gateway

step "Alice calls $url and asks who she is:"
alice=$(token_of alice)
CREDENTIAL="Authorization: Bearer $alice" call whoami
expect 'status: 200'
expect 'you are alice, with a token for files-backend'

step 'Bob is another user:'
CREDENTIAL="Authorization: Bearer $(token_of bob)" call whoami
expect 'you are bob, with a token for files-backend'

step 'Without the gateway, the server rejects the token of Alice. It is for the gateway:'
url=$server/mcp
CREDENTIAL="Authorization: Bearer $alice" call whoami
expect 'status: 401'

step 'All as expected.'
