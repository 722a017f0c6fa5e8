//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// homeUsers are signed in, and each has its home page loaded by one connection.
const homeUsers = 64

// measureHome compares the home page of signed-in users with the bare handler that also asks the database.
func (b *bench) measureHome(ctx context.Context) error {
	server, err := b.startServer(ctx, b.database)
	if err != nil {
		return err
	}
	defer server.kill()
	requests, err := homeRequests(ctx, server, homeUsers)
	if err != nil {
		return err
	}
	bare, err := b.startBare(ctx, server.address, requests[0])
	if err != nil {
		return err
	}
	defer bare.kill()
	r := b.report.begin(fmt.Sprintf("home-%d", homeUsers), "req/s",
		"a bare handler that sends the same bytes after one SELECT by primary key", target{RatioAtLeast: 0.65})
	measure := func(p *process) func() (float64, error) {
		return func() (float64, error) {
			return rate(ctx, b.options.warmUp(), b.options.window(), p.address, homeUsers, sending(requests, http.StatusOK))
		}
	}
	if err := b.alternate(r, measure(server), measure(bare)); err != nil {
		return err
	}
	return errors.Join(bare.stop(), server.stop())
}
