// The client of the lab with the official Go SDK.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/modelcontextprotocol/go-sdk/oauthex"

	"sdks/lab"
)

var (
	session  *mcp.ClientSession
	progress atomic.Int32
	notified = make(chan struct{}, 16)
)

func options() *mcp.ClientOptions {
	return &mcp.ClientOptions{
		CreateMessageHandler: func(context.Context, *mcp.CreateMessageRequest) (*mcp.CreateMessageResult, error) {
			content := &mcp.TextContent{Text: "sampled"}
			return &mcp.CreateMessageResult{Model: "lab", Role: "assistant", Content: content}, nil
		},
		ProgressNotificationHandler: func(context.Context, *mcp.ProgressNotificationClientRequest) {
			progress.Add(1)
		},
		ToolListChangedHandler: func(context.Context, *mcp.ToolListChangedRequest) {
			notified <- struct{}{}
		},
	}
}

// login lets the SDK register, authorize and step up.
func login() (auth.OAuthHandler, error) {
	metadata := &oauthex.ClientRegistrationMetadata{
		ClientName:   "portcullis lab",
		RedirectURIs: []string{lab.RedirectURI},
	}
	browse := func(ctx context.Context, args *auth.AuthorizationArgs) (*auth.AuthorizationResult, error) {
		back, err := lab.Browse(ctx, args.URL)
		if err != nil {
			return nil, err
		}
		return &auth.AuthorizationResult{Code: back.Get("code"), State: back.Get("state"), Iss: back.Get("iss")}, nil
	}
	return auth.NewAuthorizationCodeHandler(&auth.AuthorizationCodeHandlerConfig{
		RedirectURL:                     lab.RedirectURI,
		AuthorizationCodeFetcher:        browse,
		DynamicClientRegistrationConfig: &auth.DynamicClientRegistrationConfig{Metadata: metadata},
	})
}

func connect(url, scenario string, legacy bool) func(context.Context) (string, error) {
	return func(context.Context) (string, error) {
		transport := &mcp.StreamableClientTransport{Endpoint: url}
		if token := os.Getenv("TOKEN"); token != "" {
			transport.HTTPClient = &http.Client{Transport: lab.Bearer{Token: token}}
		} else if scenario == "login" {
			handler, err := login()
			if err != nil {
				return "", err
			}
			transport.OAuthHandler = handler
		}
		var chosen *mcp.ClientSessionOptions
		if legacy {
			chosen = &mcp.ClientSessionOptions{ProtocolVersion: "2025-11-25"}
		}
		client := mcp.NewClient(&mcp.Implementation{Name: "lab", Version: "1"}, options())
		var err error
		// The context of the connection must outlive this step: the SDK keeps it.
		session, err = client.Connect(context.Background(), transport, chosen)
		if err != nil {
			return "", err
		}
		connected := session.InitializeResult()
		return connected.ServerInfo.Name + " " + connected.ProtocolVersion, nil
	}
}

func call(name, text string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		params := &mcp.CallToolParams{Name: name, Arguments: map[string]any{"text": text}}
		if name == "slow" {
			params.SetProgressToken("progress")
		}
		result, err := session.CallTool(ctx, params)
		if err != nil {
			return "", err
		}
		answer := ""
		for _, content := range result.Content {
			if part, ok := content.(*mcp.TextContent); ok {
				answer += part.Text
			}
		}
		if result.IsError {
			return "", fmt.Errorf("isError %s", answer)
		}
		return answer, nil
	}
}

func slow(ctx context.Context) (string, error) {
	_, err := call("slow", "")(ctx)
	time.Sleep(100 * time.Millisecond)
	return strconv.Itoa(int(progress.Load())), err
}

func list(ctx context.Context) (string, error) {
	result, err := session.ListTools(ctx, nil)
	if err != nil {
		return "", err
	}
	var names []string
	for _, tool := range result.Tools {
		names = append(names, tool.Name)
	}
	slices.Sort(names)
	return strings.Join(names, " "), nil
}

// listen has nothing to do: the SDK opens its stream when it connects.
func listen(context.Context) (string, error) { return "GET stream or subscription", nil }

// notify calls the tool and waits for the notification.
func notify(ctx context.Context) (string, error) {
	if _, err := call("notify", "")(ctx); err != nil {
		return "", err
	}
	select {
	case <-notified:
		return "arrived", nil
	case <-time.After(5 * time.Second):
		return "did not arrive", nil
	}
}

func main() {
	url, scenario, legacy := lab.Scenario()
	if !lab.StepWithin(lab.ConnectTime, "connect", connect(url, scenario, legacy)) {
		return
	}
	steps := lab.Steps{Call: call, List: list, Slow: slow, Listen: listen, Notify: notify}
	steps.Run(scenario)
	lab.Step("close", func(context.Context) (string, error) { return "", session.Close() })
}
