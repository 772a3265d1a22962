// The server of the lab with mcp-go.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

var lab = server.NewMCPServer("mcp-go", "1", server.WithToolCapabilities(true))

type answer func(context.Context, mcp.CallToolRequest) (string, error)

func add(name string, run answer) {
	handler := func(ctx context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		text, err := run(ctx, r)
		if err != nil {
			return nil, err
		}
		return mcp.NewToolResultText(text), nil
	}
	lab.AddTool(mcp.NewTool(name, mcp.WithDescription("a tool of the lab")), handler)
}

func echo(_ context.Context, r mcp.CallToolRequest) (string, error) {
	return r.GetString("text", ""), nil
}

func slow(ctx context.Context, r mcp.CallToolRequest) (string, error) {
	for step := 1; step <= 3; step++ {
		if r.Params.Meta == nil || r.Params.Meta.ProgressToken == nil {
			break
		}
		params := map[string]any{
			"progressToken": r.Params.Meta.ProgressToken, "progress": step, "total": 3,
		}
		if err := lab.SendNotificationToClient(ctx, "notifications/progress", params); err != nil {
			return "", err
		}
		time.Sleep(333 * time.Millisecond)
	}
	return "done", nil
}

// ask returns the question, and gets the answer when the SDK calls it again. In revisions before
// 2026-07-28 the SDK sends sampling/createMessage instead.
func ask(_ context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	answer := server.SamplingResponse(r.Params.InputResponses, "question")
	if answer == nil {
		content := mcp.TextContent{Type: "text", Text: "hi"}
		messages := []mcp.SamplingMessage{{Role: mcp.RoleUser, Content: content}}
		params := mcp.CreateMessageParams{MaxTokens: 10, Messages: messages}
		return server.NewInputRequestBuilder("").Sample("question", params).ToolResult(), nil
	}
	switch content := answer.Content.(type) {
	case mcp.TextContent:
		return mcp.NewToolResultText(content.Text), nil
	case map[string]any:
		return mcp.NewToolResultText(fmt.Sprint(content["text"])), nil
	}
	return nil, fmt.Errorf("an answer of the type %T", answer.Content)
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: server PORT")
	}
	lab.EnableSampling()
	add("echo", echo)
	add("write", func(context.Context, mcp.CallToolRequest) (string, error) {
		return "written", nil
	})
	add("slow", slow)
	lab.AddTool(mcp.NewTool("ask", mcp.WithDescription("a tool of the lab")), ask)
	add("ping_me", func(context.Context, mcp.CallToolRequest) (string, error) {
		return "not in this SDK", nil
	})
	// A new tool makes the SDK send notifications/tools/list_changed.
	count := 0
	add("notify", func(context.Context, mcp.CallToolRequest) (string, error) {
		count++
		add(fmt.Sprint("echo_", count), echo)
		return "sent", nil
	})
	handler := server.NewStreamableHTTPServer(lab, server.WithStateful(true))
	mux := http.NewServeMux()
	mux.Handle("/mcp", handler)
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("ready")
	log.Fatal(http.Serve(listener, mux))
}
