#!/bin/sh
# Shows headers about the caller: the MCP server trusts requests with its key, and reads the user
# from a header.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/functions.sh"

UPSTREAM_KEY=$(new_secret)
export UPSTREAM_KEY SERVER_KEY="$UPSTREAM_KEY"
start_idp
start_server "$here/server.mjs"
start_gateway

step "Alice of Acme calls $url and asks who she is:"
CREDENTIAL="Authorization: Bearer $(token_of alice acme)" call whoami
expect 'status: 200'
expect 'you are alice of acme'

step 'Bob has no tenant. The header may be absent, because the file says {tenant?}:'
bob=$(token_of bob)
CREDENTIAL="Authorization: Bearer $bob" call whoami
expect 'you are bob of no tenant'

step 'Bob also sends headers that say he is Alice of Acme. The gateway removes them:'
HEADERS='{ "X-User": "alice", "x_user": "alice", "X-Tenant-Id": "acme" }'
export HEADERS
CREDENTIAL="Authorization: Bearer $bob" call whoami
expect 'you are bob of no tenant'

step 'He sends them to the server itself, which rejects them without its key:'
url=$server/mcp
CREDENTIAL='' call whoami
expect 'status: 401'

step 'All as expected.'
