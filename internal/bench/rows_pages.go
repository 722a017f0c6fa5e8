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
	bare, err := b.startBare(ctx, server.address, requests[0], b.database)
	if err != nil {
		return err
	}
	defer bare.kill()
	for _, connections := range []int{16, homeUsers} {
		r := b.report.begin(fmt.Sprintf("home-%d", connections), "req/s",
			"a bare handler that sends the same bytes after one SELECT by primary key", target{RatioAtLeast: 0.65})
		if err := b.compareRates(ctx, r, server, bare, connections, requests); err != nil {
			return err
		}
	}
	return errors.Join(bare.stop(), server.stop())
}

// measureLoginForm compares the login form, as a stranger sees it, with the bare handler.
func (b *bench) measureLoginForm(ctx context.Context) error {
	server, err := b.startServer(ctx, b.database)
	if err != nil {
		return err
	}
	defer server.kill()
	request := get("/login", requestOptions{from: newAddress(), encodings: browserEncodings})
	bare, err := b.startBare(ctx, server.address, request, "")
	if err != nil {
		return err
	}
	defer bare.kill()
	r := b.report.begin("login-form", "req/s", "a bare handler that sends the same bytes", target{RatioAtLeast: 0.70})
	if err := b.compareRates(ctx, r, server, bare, 64, [][]byte{request}); err != nil {
		return err
	}
	return errors.Join(bare.stop(), server.stop())
}

// compareRates measures the requests per second of two processes by turns.
func (b *bench) compareRates(ctx context.Context, r *row, ours, reference *process, connections int, requests [][]byte) error {
	measure := func(p *process) func() (float64, error) {
		return func() (float64, error) {
			return rate(ctx, b.options.warmUp(), b.options.window(), p.address, connections, sending(requests, http.StatusOK))
		}
	}
	return b.alternate(r, measure(ours), measure(reference))
}
