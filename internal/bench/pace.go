//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// paced is what became of requests sent at planned times: an open loop.
type paced struct {
	// Latencies count from the planned time, so that a request that could not be sent because the answer before it was
	// late counts its wait too (no coordinated omission).
	Latencies []time.Duration
	// Late is how long after the planned time each was sent: the part that the client is to blame for.
	Late []time.Duration
	// Urgent is whether the client was allowed to run before the server.
	Urgent bool
}

// percentile is of the latencies, in ms.
func (p paced) percentile(of float64) float64 {
	return milliseconds(percentile(p.Latencies, of))
}

// clientNote says how far the client itself can be behind the latencies.
func clientNote(all ...paced) string {
	var late []time.Duration
	urgent := true
	for _, p := range all {
		late = append(late, p.Late...)
		urgent = urgent && p.Urgent
	}
	note := fmt.Sprintf("the client itself sent at most %.2f ms late, and %.2f ms in 99 of 100 cases",
		milliseconds(percentile(late, 100)), milliseconds(percentile(late, 99)))
	if !urgent {
		note += "; run as root it would have a priority of its own, and be late less often"
	}
	return note
}

// pace sends perSecond requests a second for a time, from a process of its own that has nothing else to do. Each
// answer must have the status that is wanted.
func pace(ctx context.Context, address string, perSecond int, lasts time.Duration, want int, requests [][]byte) (paced, error) {
	self, err := os.Executable()
	if err != nil {
		return paced{}, err
	}
	plan, err := json.Marshal(pacePlan{address, perSecond, int(lasts.Seconds() * float64(perSecond)), want, requests})
	if err != nil {
		return paced{}, err
	}
	command := exec.CommandContext(ctx, self, "pace")
	command.Stdin, command.Stderr = bytes.NewReader(plan), os.Stderr
	output, err := command.Output()
	if err != nil {
		return paced{}, fmt.Errorf("pace: %w", err)
	}
	var all paced
	return all, json.Unmarshal(output, &all)
}
