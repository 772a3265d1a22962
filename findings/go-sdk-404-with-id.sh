#!/bin/sh
# Shows that the MCP client for Go does not notice a lost session, if the 404 names the call.
#
# Software:  github.com/modelcontextprotocol/go-sdk v1.8.0
# Observed:  2026-11-30
# Needs:     Go 1.25 or newer, the module proxy, `timeout`
#
# MCP 2025-11-25, transports, "Session Management": a server answers 404 where it does not know the
# session of a request any more. The client must then begin a new session. JSON-RPC 2.0, section 5,
# gives an error the id of its request.
#
# Expected:  after such a 404 the client ends the session, whatever the body is: the error is
#            ErrSessionMissing, at which programs connect again.
# Behaviour: that holds for an empty body. If the body is a JSON-RPC error with the id of the call,
#            the error is not ErrSessionMissing, and the next call still names the lost session.
#
# Exit code 0: the behaviour is as stated; 1: it differs; 2: the module cannot be had.
set -eu
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
trap 'exit 2' INT TERM
cd "$folder"
cat > main.go <<'SCRIPT'
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

type request struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
}

const result = `{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"1"}}`

// The server knows the session until the first call.
func handler(withID bool, calls *int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		var message request
		_ = json.NewDecoder(r.Body).Decode(&message)
		w.Header().Set("Content-Type", "application/json")
		switch message.Method {
		case "initialize":
			w.Header().Set("Mcp-Session-Id", "lost-soon")
			fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%s,"result":%s}`, message.ID, result)
		case "tools/call":
			if r.Header.Get("Mcp-Session-Id") == "lost-soon" {
				*calls++
			}
			w.WriteHeader(http.StatusNotFound)
			if withID {
				fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%s,"error":{"code":-32001,"message":"Session not found"}}`, message.ID)
			}
		case "notifications/initialized":
			w.WriteHeader(http.StatusAccepted)
		default:
			w.WriteHeader(http.StatusBadRequest)
		}
	}
}

func run(withID bool) (missing bool, calls int) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	server := &http.Server{Handler: handler(withID, &calls)}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	client := mcp.NewClient(&mcp.Implementation{Name: "finding", Version: "1"}, nil)
	url := "http://" + listener.Addr().String()
	session, err := client.Connect(ctx, &mcp.StreamableClientTransport{Endpoint: url}, nil)
	if err != nil {
		panic(err)
	}
	for range 2 {
		_, err = session.CallTool(ctx, &mcp.CallToolParams{Name: "echo"})
		missing = missing || errors.Is(err, mcp.ErrSessionMissing)
	}
	_ = session.Close()
	return missing, calls
}

func main() {
	ok := true
	for _, withID := range []bool{false, true} {
		missing, calls := run(withID)
		fmt.Printf("404 with the id of the call: %t; ErrSessionMissing: %t; calls in the lost session: %d\n", withID, missing, calls)
		ok = ok && missing == !withID && (calls == 2) == withID
	}
	if !ok {
		os.Exit(1)
	}
}
SCRIPT
export GOFLAGS=-mod=mod GOTOOLCHAIN=local GOMODCACHE="$folder/modules" GOCACHE="$folder/cache"
go mod init finding > /dev/null 2>&1 || exit 2
timeout 180 go get github.com/modelcontextprotocol/go-sdk@v1.8.0 > /dev/null 2>&1 || exit 2
timeout 300 go build -o finding . || exit 2
timeout 60 ./finding
