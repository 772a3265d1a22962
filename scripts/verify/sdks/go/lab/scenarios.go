package lab

import (
	"context"
	"time"
)

const quiet = 70 * time.Second

type step = func(context.Context) (string, error)

// Steps are the steps that each SDK writes in its own way.
type Steps struct {
	Call                       func(tool, text string) step
	List, Slow, Listen, Notify step
}

// Run goes through the scenario of a connected client.
func (s Steps) Run(scenario string) {
	switch scenario {
	case "basic":
		Step("list", s.List)
		Step("call", s.Call("echo", "hello"))
		Step("progress", s.Slow)
		Step("sampling", s.Call("ask", ""))
		Step("ping", s.Call("ping_me", ""))
	case "refused":
		for _, name := range []string{"first", "second", "third"} {
			Step(name, s.Call("echo", name))
		}
	case "login":
		Step("call", s.Call("echo", "hello"))
		Wait()
		Step("call again", s.Call("echo", "hello again"))
		Step("write", s.Call("write", ""))
		Step("write again", s.Call("write", ""))
	case "quiet":
		Step("listen", s.Listen)
		time.Sleep(quiet)
		Step("notify", s.Notify)
	case "restart":
		Step("before", s.Call("echo", "before"))
		Wait()
		Step("after", s.Call("echo", "after"))
		Step("after again", s.Call("echo", "after again"))
	}
}
