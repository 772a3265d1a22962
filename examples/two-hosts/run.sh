#!/bin/sh
# Shows two customers on one gateway: each has its own host, identity provider and MCP server, and
# both have the path /mcp. A token of one does not work at the host of the other.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/functions.sh"

start_server
globex_server=$server
start_server
start_idp
globex_idp=$idp
start_idp
edit() {
  sed -e "s|https://login.globex.example|$globex_idp|" -e "s|http://10.0.0.6:3000|$globex_server|"
}
start_gateway
url=https://mcp.acme.example/mcp
acme=$(token_of alice)
acme_idp=$idp
idp=$globex_idp
url=https://mcp.globex.example/mcp
globex=$(token_of alice)
idp=$acme_idp
# The proxy in front passes Host on. Here the script sends it.
url=http://127.0.0.1:$port/mcp
call_at() { # the host, the token
  HEADERS="{\"host\":\"$1\"}" CREDENTIAL="Authorization: Bearer $2" call read_file
}

step 'Alice of Acme calls mcp.acme.example:'
call_at mcp.acme.example "$acme"
expect 'status: 200'

step 'Alice of Globex is another user. Her endpoint has two names:'
call_at mcp.globex.example "$globex"
expect 'status: 200'
call_at globex.example.net "$globex"
expect 'status: 200'

step 'The token of Acme does not work at Globex. The challenge names the metadata of Globex:'
call_at mcp.globex.example "$acme"
expect 'status: 401'
expect 'resource_metadata="https://mcp.globex.example/.well-known/oauth-protected-resource/mcp"'

step 'No endpoint has this host:'
call_at mcp.initech.example "$acme"
expect 'status: 421'
expect 'No MCP server under this host name'

step 'All as expected.'
