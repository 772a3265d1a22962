# The functions that the scripts of the examples share. A script reads this file in its own folder.
# It needs Node, and a clone after `npm install && npm run build`. All that it starts ends with it.

lib=$here/../lib
work=$(mktemp -d)
started=

# Ends the programs that this script started, and no others.
finish() {
  status=$?
  trap - EXIT
  for pid in $started; do kill "$pid" 2> /dev/null || :; done
  for pid in $started; do wait "$pid" 2> /dev/null || :; done
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

fail() {
  echo "$*" >&2
  exit 1
}

node "$lib/deadline.mjs" $$ < /dev/null > /dev/null &
started="$started $!"

# A gateway does not start with a variable that it does not know.
for name in $(env | sed -n 's/^\(PORTCULLIS_[A-Z_]*\)=.*/\1/p'); do unset "$name"; done

main=$lib/../../dist/main.js
[ -f "$main" ] || fail 'dist/main.js is missing: run npm run build first'
portcullis() { node "$main" "$@"; }

days_from_now() { # a number of days; prints the day in UTC
  node -p "new Date(Date.now() + $1 * 86400000).toISOString().slice(0, 10)"
}

new_secret() { node "$lib/secret.mjs"; }

# Waits for a line in a file, for 10 seconds. Fails where the program ends before.
wait_for_line() { # the file, the pattern, the process
  tries=0
  until grep -q "$2" "$1" 2> /dev/null; do
    kill -0 "$3" 2> /dev/null || return 1
    tries=$((tries + 1))
    [ $tries -lt 100 ] || return 1
    sleep 0.1
  done
}

# Starts a program that prints its address first. The address is in $address.
start() { # the file, a name for its log
  # Not the address of an earlier program of this name.
  : > "$work/$2.log"
  node "$1" < /dev/null > "$work/$2.log" 2>&1 &
  started="$started $!"
  wait_for_line "$work/$2.log" '^http:' $! || fail "$(cat "$work/$2.log")"
  address=$(cat "$work/$2.log")
}

# Starts the MCP server: that of all examples, or the one of the file. Its address is in $server.
start_server() { # the file
  start "${1:-$lib/server.mjs}" server
  server=$address
}

# Starts an identity provider. Its address is in $idp.
start_idp() {
  start "$lib/idp.mjs" idp
  idp=$address
}

# Prints an access token of a user for the endpoint. A user of a real provider logs in.
token_of() { # the user, the tenant
  node --input-type=module \
    -e 'console.log((await (await fetch(process.argv[1])).json()).access_token)' \
    "$idp/token?user=$1&tenant=${2:-}&resource=$url"
}

free_port() { node "$lib/port.mjs"; }

# Changes the configuration further; an example can replace this function.
edit() { cat; }

# Starts the gateway with portcullis.yaml, on loopback: it replaces the host names of the file. The
# address of the endpoint is in $url, the process in $gateway.
start_gateway() { # the port, where a program must know it before
  for attempt in 1 2 3; do
    port=${1:-$(free_port)}
    url=http://127.0.0.1:$port/files/mcp
    sed -e "s|https://mcp.example.com|http://127.0.0.1:$port|" \
      -e "s|https://auth.example.com|${idp:-}|" \
      -e "s|http://10.0.0.5:3000|$server|" \
      "$here/portcullis.yaml" | edit > "$work/portcullis.yaml"
    {
      echo "listen: { host: 127.0.0.1, port: $port }"
      echo 'admin: { host: 127.0.0.1, port: 0 }'
    } >> "$work/portcullis.yaml"
    node "$main" serve --config "$work/portcullis.yaml" < /dev/null > "$work/gateway.log" 2>&1 &
    gateway=$!
    started="$started $gateway"
    if wait_for_line "$work/gateway.log" gateway.listening "$gateway"; then return; fi
    # Another program took the port in the meantime.
    grep -q 'in use' "$work/gateway.log" || break
  done
  fail "The gateway did not start: $(cat "$work/gateway.log")"
}

# Says what a step shows.
step() { printf '\n%s\n' "$*"; }

# Calls a tool with the credential of the variable CREDENTIAL, and prints the answer.
call() { # the tool
  answer=$(node "$lib/call.mjs" "$url" "$1") || fail "The call failed."
  echo "$answer"
}

# Fails the example where the answer has no such line.
expect() { # a pattern
  echo "$answer" | grep -q "$1" || fail "The answer has no line that matches: $1"
}
