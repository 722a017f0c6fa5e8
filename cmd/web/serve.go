package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"latchkey/internal/store"
)

type serveCommand struct{}

// shutdownGrace is how long requests in flight may take to finish after a signal to stop.
const shutdownGrace = 10 * time.Second

// tuneRuntime fits Go to what this program does. Both numbers were found with `task bench`.
func tuneRuntime() {
	// What is in use is so little that 100 percent more, Go's own choice, is reached fifty times a second when there
	// is much to do.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	// Reading a page of the database and writing a log line are system calls, during which a processor of Go's lies
	// idle; with twice as many another one goes on.
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(2 * runtime.GOMAXPROCS(0))
	}
}

// Run serves until ctx ends, then lets requests in flight finish and closes the database.
func (serveCommand) Run(ctx context.Context, to streams, s *settings) error {
	tuneRuntime()
	log := newLogger(s.LogFormat, to.log)
	certificates, err := s.certificates()
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, s.DB, s.BusyTimeout)
	if ctx.Err() != nil && err != nil {
		return nil // stopped, as asked, before there was anything to serve
	}
	if err != nil {
		return err
	}
	defer func() {
		if err := db.Close(); err != nil {
			log.Error("close database", "error", err)
		}
	}()
	listener, err := net.Listen("tcp", s.Addr)
	if err != nil {
		return err
	}
	s.Addr = withPortOf(s.Addr, listener.Addr())
	worker := newHashWorker()
	defer worker.Close()
	app := newApp(s, db, worker, log, time.Now)
	if err := app.serveMetrics(ctx); err != nil {
		return errors.Join(err, listener.Close())
	}
	log.Info("Latchkey is at "+app.site.String(), "listening", listener.Addr().String(), "db", s.DB, "version", version)
	if app.site.Scheme == "http" && !isLocal(app.site) {
		log.Warn("passwords travel unencrypted: put a TLS proxy in front and give its address with --url https://…, or use --tls-cert")
	}

	background, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { app.cleanUpEvery(background, 5*time.Minute) })
	running.Go(func() { app.followFile(background, time.Second) })
	collecting, stopCollecting := context.WithCancel(context.WithoutCancel(ctx))
	running.Go(func() { app.writeCollected(collecting) })
	defer func() { stop(); stopCollecting(); running.Wait() }()

	return serveUntil(ctx, newHTTPServer(app.routes(), certificates, log), listener, log)
}

// withPortOf fills in the port that the system chose when port 0 was asked for.
func withPortOf(asked string, got net.Addr) string {
	host, _, _ := net.SplitHostPort(asked)
	_, port, err := net.SplitHostPort(got.String())
	if err != nil {
		return asked
	}
	return net.JoinHostPort(host, port)
}

func (s *settings) certificates() ([]tls.Certificate, error) {
	if s.TLSCert == "" {
		return nil, nil
	}
	certificate, err := tls.LoadX509KeyPair(s.TLSCert, s.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert: %w", err)
	}
	return []tls.Certificate{certificate}, nil
}

// newHTTPServer bounds what a slow or greedy client can hold: Echo's own server has no time-outs.
func newHTTPServer(handler http.Handler, certificates []tls.Certificate, log *slog.Logger) *http.Server {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	if certificates != nil {
		server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: certificates} // ASVS 5.0 12.1.1
	}
	return server
}

func serveUntil(ctx context.Context, server *http.Server, listener net.Listener, log *slog.Logger) error {
	failed := make(chan error, 1)
	go func() {
		if server.TLSConfig != nil {
			failed <- server.ServeTLS(listener, "", "")
		} else {
			failed <- server.Serve(listener)
		}
	}()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	log.Info("stopping: no new connections, requests in flight may finish", "within", shutdownGrace)
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		log.Warn("some requests did not finish in time", "error", err)
		return errors.Join(server.Close())
	}
	return nil
}
