#!/bin/sh
# Shows the pass-through of `Authorization: Token`: the gateway forwards the header unchanged, and
# the MCP server verifies it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/functions.sh"

secret=$(new_secret)
export SERVER_AUTHORIZATION="Token $secret" SERVER_POLICY=optional
# The day of `sunset` in the file comes one day: this run uses one in 90 days.
day=$(days_from_now 90)
edit() { sed "s/2027-06-30/$day/"; }
start_idp
start_server
start_gateway

step 'An old client sends the secret that the MCP server knows. Its call passes. The headers'
echo "say that the gateway accepts such secrets until $day:"
CREDENTIAL="Authorization: Token $secret" call read_file
expect 'status: 200'
expect '^  sunset: '
expect 'the server received "Token" and its secret'

step 'Another secret reaches the MCP server too, which rejects it. The gateway turns its 401 into'
echo 'one that starts a login:'
CREDENTIAL="Authorization: Token $(new_secret)" call read_file
expect 'status: 401'
expect 'www-authenticate: Bearer .*resource_metadata='

step 'A client without a credential gets the same challenge, and never reaches the MCP server:'
CREDENTIAL='' call read_file
expect 'status: 401'

step 'All as expected.'
