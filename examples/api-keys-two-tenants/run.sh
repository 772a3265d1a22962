#!/bin/sh
# Shows two customers with an API key each, in a file of their own. One may only read, and its key
# has an end date. The other loses its key while the gateway runs.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/functions.sh"

# The key goes to standard error, once. Its line goes to the file, without the key.
new_key() { # the options of hash-key
  portcullis hash-key --line "$@" 2> "$work/key" >> "$work/keys.jsonl" || fail "$(cat "$work/key")"
  sed -n 's/^ *\(sk_live_[A-Za-z0-9_-]*\)$/\1/p' "$work/key"
}
day=$(days_from_now 90)
acme=$(new_key --name acme-1 --tenant acme --scopes files:read,files:write --prefix sk_live_)
globex=$(new_key --name globex-1 --tenant globex --scopes files:read --sunset "$day" --prefix sk_live_)
start_server
start_gateway

step 'Acme may write:'
CREDENTIAL="X-Api-Key: $acme" call write_file
expect 'status: 200'
expect 'the server wrote the file'

step "Globex may read. The headers say that its key ends on $day:"
CREDENTIAL="X-Api-Key: $globex" call read_file
expect 'status: 200'
expect '^  sunset: '
expect 'no X-Api-Key'

step 'Globex may not write:'
CREDENTIAL="X-Api-Key: $globex" call write_file
expect 'status: 403'

step 'An unknown key gets 401:'
CREDENTIAL="X-Api-Key: sk_live_$(new_secret)" call read_file
expect 'status: 401'

step 'The operator removes the line of Acme and sends SIGHUP. Its key ends at once:'
grep -v '"acme-1"' "$work/keys.jsonl" > "$work/rest" && cp "$work/rest" "$work/keys.jsonl"
kill -HUP "$gateway"
wait_for_line "$work/gateway.log" 'api_keys.reloaded' "$gateway" || fail "$(cat "$work/gateway.log")"
CREDENTIAL="X-Api-Key: $acme" call write_file
expect 'status: 401'
CREDENTIAL="X-Api-Key: $globex" call read_file
expect 'status: 200'

step 'All as expected.'
