// Package lab holds what the Go clients share: steps, waiting, the bearer and the browser.
package lab

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"
	"time"
)

// A step that takes longer counts as hanging. Programs connect at the same time on a busy machine.
const (
	stepTime    = 12 * time.Second
	ConnectTime = 40 * time.Second
)

// RedirectURI is where the login ends. Nothing listens there: the browser reads the address.
const RedirectURI = "http://127.0.0.1:33418/callback"

var stdin = bufio.NewReader(os.Stdin)

func report(step string, ok bool, text string, start time.Time) {
	ms := time.Since(start).Milliseconds()
	line := map[string]any{"step": step, "ok": ok, "text": text, "ms": ms}
	out, _ := json.Marshal(line)
	fmt.Println(string(out))
}

// Step runs one step and prints its result. It returns false if the step fails.
func Step(name string, run func(context.Context) (string, error)) bool {
	return StepWithin(stepTime, name, run)
}

// StepWithin is Step with another limit of time.
func StepWithin(limit time.Duration, name string, run func(context.Context) (string, error)) bool {
	type result struct {
		text string
		err  error
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	done := make(chan result, 1)
	start := time.Now()
	go func() {
		text, err := run(ctx)
		done <- result{text, err}
	}()
	select {
	case got := <-done:
		if got.err == nil {
			report(name, true, got.text, start)
			return true
		}
		if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
			report(name, false, got.err.Error(), start)
			return false
		}
	case <-time.After(limit + time.Second):
	}
	report(name, false, "HANGS", start)
	return false
}

// Wait prints the step "wait" and goes on after a line on stdin.
func Wait() {
	fmt.Println(`{"step":"wait"}`)
	_, _ = stdin.ReadString('\n')
}

// Scenario reads the arguments: [-legacy] URL SCENARIO.
func Scenario() (url string, scenario string, legacy bool) {
	args := os.Args[1:]
	if len(args) > 0 && args[0] == "-legacy" {
		legacy, args = true, args[1:]
	}
	if len(args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: client [-legacy] URL SCENARIO")
		os.Exit(2)
	}
	return args[0], args[1], legacy
}

// Bearer adds a token to each request.
type Bearer struct{ Token string }

// RoundTrip sends the request with the token.
func (b Bearer) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.Header.Set("Authorization", "Bearer "+b.Token)
	return http.DefaultTransport.RoundTrip(request)
}

// Browse follows a login from redirect to redirect. It returns the parameters of RedirectURI.
func Browse(ctx context.Context, address string) (url.Values, error) {
	if person := os.Getenv("PERSON"); person != "" {
		address = person + url.QueryEscape(address)
	}
	jar, _ := cookiejar.New(nil)
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	browser := &http.Client{Jar: jar, CheckRedirect: stay}
	for range 10 {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return nil, err
		}
		response, err := browser.Do(request)
		if err != nil {
			return nil, err
		}
		response.Body.Close()
		next, err := response.Location()
		if err != nil {
			return nil, fmt.Errorf("the issuer answers %d without a redirect", response.StatusCode)
		}
		address = next.String()
		if strings.HasPrefix(address, RedirectURI) {
			if code := next.Query().Get("error"); code != "" {
				return nil, fmt.Errorf("the issuer answers %s", code)
			}
			return next.Query(), nil
		}
	}
	return nil, errors.New("the login does not end")
}
