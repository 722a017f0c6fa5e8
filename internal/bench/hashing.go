//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"time"

	"github.com/alexedwards/argon2id"
)

// hashCommand does nothing but Argon2id, on all processors, in a process of its own as the server does.
type hashCommand struct {
	Hash     string        `required:"" help:"PHC string that the password is checked against."`
	Password string        `required:""`
	Lasts    time.Duration `required:""`
}

// Run prints how many passwords a second were checked.
func (c *hashCommand) Run() error {
	processors := runtime.GOMAXPROCS(0)
	rates := make([]float64, processors)
	errs := make([]error, processors)
	var wait sync.WaitGroup
	for i := range processors {
		wait.Go(func() {
			// The first one, while others start and memory is new, does not count.
			if errs[i] = c.check(); errs[i] != nil {
				return
			}
			start := time.Now()
			for checked := 1; ; checked++ {
				if errs[i] = c.check(); errs[i] != nil {
					return
				}
				if spent := time.Since(start); spent >= c.Lasts {
					rates[i] = float64(checked) / spent.Seconds()
					return
				}
			}
		})
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	sum := 0.0
	for _, rate := range rates {
		sum += rate
	}
	return json.NewEncoder(os.Stdout).Encode(sum)
}

// check is the call that internal/password makes.
func (c *hashCommand) check() error {
	matches, _, err := argon2id.CheckHash(c.Password, c.Hash)
	if err == nil && !matches {
		err = errors.New("the password is not the one that was hashed")
	}
	return err
}

// hashRate runs a hashCommand and returns its checks per second.
func (b *bench) hashRate(ctx context.Context) (perSecond float64, err error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	command := exec.CommandContext(ctx, self, "hash",
		"--hash="+b.hash, "--password="+sharedPassword, "--lasts="+b.options.window().String())
	command.Stderr = os.Stderr
	output, err := command.Output()
	if err != nil {
		return 0, fmt.Errorf("hash: %w", err)
	}
	return perSecond, json.Unmarshal(output, &perSecond)
}
