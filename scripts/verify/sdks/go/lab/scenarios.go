package lab

import (
	"context"
	"time"
)

const quiet = 70 * time.Second

type step = func(context.Context) (string, error)

// Steps are the steps that each SDK writes in its own way.
type Steps struct {
	Call                       func(tool string) step
	List, Slow, Listen, Notify step
}

// Run goes through the scenario of a connected client.
func (s Steps) Run(scenario string) {
	switch scenario {
	case "basic":
		Step("list", s.List)
		Step("echo", s.Call("echo"))
		Step("slow", s.Slow)
		Step("ask", s.Call("ask"))
		Step("ping_me", s.Call("ping_me"))
	case "refused":
		Step("first", s.Call("echo"))
		Step("second", s.Call("echo"))
		Step("third", s.Call("echo"))
	case "login":
		Step("echo", s.Call("echo"))
		Step("write", s.Call("write"))
		Step("again", s.Call("write"))
	case "quiet":
		Step("listen", s.Listen)
		time.Sleep(quiet)
		Step("notify", s.Notify)
	case "restart":
		Step("before", s.Call("echo"))
		Wait()
		Step("after", s.Call("echo"))
		Step("again", s.Call("echo"))
	}
}
