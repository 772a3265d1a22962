// The client of the lab with mcp-go.
package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"

	"sdks/lab"
)

var (
	session  *client.Client
	progress atomic.Int32
	notified = make(chan struct{}, 16)
)

type sampling struct{}

func (sampling) CreateMessage(context.Context, mcp.CreateMessageRequest) (*mcp.CreateMessageResult, error) {
	content := mcp.TextContent{Type: "text", Text: "sampled"}
	message := mcp.SamplingMessage{Role: mcp.RoleAssistant, Content: content}
	return &mcp.CreateMessageResult{SamplingMessage: message, Model: "lab"}, nil
}

// login registers and authorizes. The SDK leaves both to the program, after its error.
func login(ctx context.Context, failure error) error {
	handler := client.GetOAuthHandler(failure)
	verifier, err := client.GenerateCodeVerifier()
	if err != nil {
		return err
	}
	state, err := client.GenerateState()
	if err != nil {
		return err
	}
	if handler.GetClientID() == "" {
		if err := handler.RegisterClient(ctx, "portcullis lab"); err != nil {
			return err
		}
	}
	address, err := handler.GetAuthorizationURL(ctx, state, client.GenerateCodeChallenge(verifier))
	if err != nil {
		return err
	}
	back, err := lab.Browse(ctx, address)
	if err != nil {
		return err
	}
	return handler.ProcessAuthorizationResponse(ctx, back.Get("code"), back.Get("state"), verifier)
}

func transportOptions(scenario string, legacy bool) []transport.StreamableHTTPCOption {
	var chosen []transport.StreamableHTTPCOption
	if legacy {
		// The SDK opens the GET stream only if a program asks for it.
		chosen = append(chosen, transport.WithContinuousListening())
	}
	if token := os.Getenv("TOKEN"); token != "" {
		headers := map[string]string{"Authorization": "Bearer " + token}
		chosen = append(chosen, transport.WithHTTPHeaders(headers))
	} else if scenario == "login" {
		// The SDK has no step-up and names no scope by itself. Most programs name all that they use.
		scopes := []string{"files:read"}
		if legacy {
			scopes = append(scopes, "files:write")
		}
		chosen = append(chosen, transport.WithHTTPOAuth(transport.OAuthConfig{
			RedirectURI: lab.RedirectURI,
			TokenStore:  client.NewMemoryTokenStore(),
			PKCEEnabled: true,
			Scopes:      scopes,
		}))
	}
	return chosen
}

func initialize(ctx context.Context) (string, error) {
	request := mcp.InitializeRequest{}
	request.Params.ProtocolVersion = mcp.LATEST_PROTOCOL_VERSION
	request.Params.ClientInfo = mcp.Implementation{Name: "lab", Version: "1"}
	result, err := session.Initialize(ctx, request)
	if err != nil {
		return "", err
	}
	return result.ServerInfo.Name + " " + result.ProtocolVersion, nil
}

func connect(url, scenario string, legacy bool) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		wire, err := transport.NewStreamableHTTP(url, transportOptions(scenario, legacy)...)
		if err != nil {
			return "", err
		}
		chosen := []client.ClientOption{client.WithSamplingHandler(sampling{})}
		if legacy {
			chosen = append(chosen, client.WithLegacyProtocolOnly())
		}
		session = client.NewClient(wire, chosen...)
		session.OnNotification(func(message mcp.JSONRPCNotification) {
			switch message.Method {
			case "notifications/progress":
				progress.Add(1)
			case "notifications/tools/list_changed":
				notified <- struct{}{}
			}
		})
		// The context of the connection must outlive this step: the SDK keeps it.
		if err := session.Start(context.Background()); err != nil {
			return "", err
		}
		text, err := initialize(ctx)
		if err != nil && client.IsOAuthAuthorizationRequiredError(err) {
			if err := login(ctx, err); err != nil {
				return "", err
			}
			return initialize(ctx)
		}
		return text, err
	}
}

func call(name, text string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		request := mcp.CallToolRequest{}
		request.Params.Name = name
		request.Params.Arguments = map[string]any{"text": text}
		if name == "slow" {
			request.Params.Meta = &mcp.Meta{ProgressToken: "progress"}
		}
		result, err := session.CallTool(ctx, request)
		if err != nil {
			return "", err
		}
		answer := ""
		for _, content := range result.Content {
			if part, ok := content.(mcp.TextContent); ok {
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
	result, err := session.ListTools(ctx, mcp.ListToolsRequest{})
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

// listen subscribes where the revision asks for it. Else the transport listens by itself.
func listen(context.Context) (string, error) {
	filter := mcp.SubscriptionFilter{ToolsListChanged: true}
	_, err := session.ListenAsync(context.Background(), filter, nil)
	if err != nil {
		return "GET stream", nil
	}
	return "subscription", nil
}

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
