// The server of the lab with the official Go SDK.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

var isModern bool

type arguments struct {
	Text string `json:"text,omitempty"`
}

type answer func(context.Context, *mcp.CallToolRequest, arguments) (string, error)

func add(server *mcp.Server, name string, run answer) {
	handler := func(ctx context.Context, r *mcp.CallToolRequest, a arguments) (*mcp.CallToolResult, any, error) {
		text, err := run(ctx, r, a)
		if err != nil {
			return nil, nil, err
		}
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: text}}}, nil, nil
	}
	mcp.AddTool(server, &mcp.Tool{Name: name, Description: "a tool of the lab"}, handler)
}

func echo(_ context.Context, _ *mcp.CallToolRequest, a arguments) (string, error) {
	return a.Text, nil
}

func slow(ctx context.Context, r *mcp.CallToolRequest, _ arguments) (string, error) {
	for step := 1; step <= 3; step++ {
		token := r.Params.GetProgressToken()
		if token == nil {
			break
		}
		params := &mcp.ProgressNotificationParams{ProgressToken: token, Progress: float64(step), Total: 3}
		if err := r.Session.NotifyProgress(ctx, params); err != nil {
			return "", err
		}
		time.Sleep(333 * time.Millisecond)
	}
	return "done", nil
}

// ask returns the question, and gets the answer when the SDK calls it again. In revisions before
// 2026-07-28 the SDK sends sampling/createMessage instead.
func ask(_ context.Context, r *mcp.CallToolRequest, _ arguments) (*mcp.CallToolResult, any, error) {
	if answer, ok := r.Params.InputResponses["question"].(*mcp.CreateMessageResult); ok {
		return &mcp.CallToolResult{Content: []mcp.Content{answer.Content}}, nil, nil
	}
	if answer, ok := r.Params.InputResponses["question"].(*mcp.CreateMessageWithToolsResult); ok {
		return &mcp.CallToolResult{Content: answer.Content}, nil, nil
	}
	message := &mcp.SamplingMessage{Role: "user", Content: &mcp.TextContent{Text: "hi"}}
	params := &mcp.CreateMessageParams{MaxTokens: 10, Messages: []*mcp.SamplingMessage{message}}
	return &mcp.CallToolResult{InputRequests: mcp.InputRequestMap{"question": params}}, nil, nil
}

func pingMe(ctx context.Context, r *mcp.CallToolRequest, _ arguments) (string, error) {
	if isModern {
		return "not in this revision", nil
	}
	ctx, cancel := context.WithTimeout(ctx, 8*time.Second)
	defer cancel()
	return "pong", r.Session.Ping(ctx, nil)
}

func main() {
	args := os.Args[1:]
	if isModern = len(args) > 0 && args[0] == "-modern"; isModern {
		args = args[1:]
	}
	if len(args) != 1 {
		log.Fatal("usage: server [-modern] PORT")
	}
	server := mcp.NewServer(&mcp.Implementation{Name: "go-sdk", Version: "1"}, nil)
	add(server, "echo", echo)
	add(server, "write", func(context.Context, *mcp.CallToolRequest, arguments) (string, error) {
		return "written", nil
	})
	add(server, "slow", slow)
	mcp.AddTool(server, &mcp.Tool{Name: "ask", Description: "a tool of the lab"}, ask)
	add(server, "ping_me", pingMe)
	// A new tool makes the SDK send notifications/tools/list_changed.
	count := 0
	add(server, "notify", func(context.Context, *mcp.CallToolRequest, arguments) (string, error) {
		count++
		add(server, fmt.Sprint("echo_", count), echo)
		return "sent", nil
	})
	// The SDK serves 2026-07-28 only without sessions.
	options := &mcp.StreamableHTTPOptions{Stateless: isModern}
	handler := mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server }, options)
	mux := http.NewServeMux()
	mux.Handle("/mcp", handler)
	listener, err := net.Listen("tcp", "127.0.0.1:"+args[0])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("ready")
	log.Fatal(http.Serve(listener, mux))
}
