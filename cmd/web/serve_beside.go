package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
)

// serveBeside serves what is not for people at addresses of its own, until ctx ends. The error is about an address.
func (a *app) serveBeside(ctx context.Context) error {
	return errors.Join(
		a.serveAt(ctx, "--metrics-addr", a.settings.MetricsAddr, a.metricsHandler(), "metrics are at %s/metrics"),
		a.serveAt(ctx, "--forward-auth-addr", a.settings.ForwardAuthAddr, a.forwardAuthHandler(), "proxies ask about requests to apps at %s/check"),
	)
}

func (a *app) serveAt(ctx context.Context, flag string, address hostPort, handler http.Handler, says string) error {
	if (address == hostPort{}) {
		return nil
	}
	listener, err := net.Listen("tcp", address.String())
	if err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	server := newHTTPServer(handler, nil, a.log)
	context.AfterFunc(ctx, func() {
		_ = server.Shutdown(ctx) // at once: ctx is over
		_ = server.Close()
	})
	go func() {
		if err := server.serve(listener); !errors.Is(err, http.ErrServerClosed) {
			a.log.Error("serve "+flag, "error", err)
		}
	}()
	a.log.Info(fmt.Sprintf(says, "http://"+listener.Addr().String()))
	return nil
}
