package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	stdlog "log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/time/rate"

	"latchkey/internal/password"
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
func (serveCommand) Run(ctx context.Context, to output, s *settings) error {
	tuneRuntime()
	lines := newLogWriter(to.log, func(lost int) []byte { return lostLine(s.LogFormat, lost) })
	defer lines.close()
	log := newLogger(s.LogFormat, lines.upTo(maxLogQueue), lines.upTo(maxRequestQueue))
	outliveTerminal(ctx, log)
	certificates, err := s.certificates()
	if err != nil {
		return err
	}
	leaked, err := s.leakedPasswords()
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
	listener, err := net.Listen("tcp", s.Addr.String())
	if err != nil {
		return err
	}
	if address, ok := listener.Addr().(*net.TCPAddr); ok {
		s.Addr.port = strconv.Itoa(address.Port) // the one that the system chose, when port 0 was asked for
	}
	worker := newHashWorker(log)
	defer worker.Close()
	app := newApp(s, db, worker, log, time.Now)
	app.policy.Leaked = leaked
	app.warnOfSecondFactors(context.WithoutCancel(ctx))
	app.readHashCosts(ctx) // before the first login, whose time would tell of other costs
	if err := app.serveBeside(ctx); err != nil {
		return errors.Join(err, listener.Close())
	}
	log.Info("Latchkey is at "+app.site.String(), "listening", listener.Addr().String(), "db", store.Shown(s.DB), "version", version)
	if app.site.Scheme == "http" && (!isLocal(app.site) || !s.Addr.isLocal()) {
		log.Warn("passwords travel unencrypted: put a TLS proxy in front and give its address with --url https://…, or use --tls-cert")
	}

	app.warnOfLosses(ctx)

	background, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { app.cleanUpEvery(background, 5*time.Minute) })
	running.Go(func() { app.followFile(background, time.Second) })
	collecting, stopCollecting := context.WithCancel(context.WithoutCancel(ctx))
	running.Go(func() { app.writeCollected(collecting) })
	defer func() { stop(); stopCollecting(); running.Wait() }()

	return serveUntil(ctx, newHTTPServer(app.routes(), certificates, log), listener, log)
}

// warnOfLosses says what an administrator of the database should set otherwise.
func (a *app) warnOfLosses(ctx context.Context) {
	warnings, err := a.store.Warnings(ctx)
	if err != nil {
		a.log.Error("database", "error", err)
	}
	for _, warning := range warnings {
		a.log.Warn("database: " + warning)
	}
}

// outliveTerminal keeps the program going when its log stream breaks, which writes then tell by an error, and when its
// terminal hangs up.
func outliveTerminal(ctx context.Context, log *slog.Logger) {
	signals := make(chan os.Signal, 1)
	// To the process's end: the last lines of the log are written after all else.
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGPIPE)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case got := <-signals:
				if got == syscall.SIGHUP {
					log.Info("hang-up: nothing to do, settings are read at the start only")
				}
			}
		}
	}()
}

func (s *settings) leakedPasswords() (*password.Leaked, error) {
	if s.LeakedPasswords == "" {
		return nil, nil
	}
	leaked, err := password.OpenLeaked(s.LeakedPasswords)
	if err != nil {
		return nil, fmt.Errorf("--leaked-passwords: %w", err)
	}
	return leaked, nil
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

// idleTimeout is how long a connection is kept for a next request. It is longer than any usual proxy's, which could
// otherwise send a request on a connection that closes at that moment: Caddy keeps one for 2 minutes, Traefik for 90
// seconds, nginx for one.
const idleTimeout = 3 * time.Minute

// A server is an HTTP server that bounds what slow or greedy clients can hold.
type server struct {
	*http.Server
	open *connections
	log  *slog.Logger
}

// newHTTPServer sets the bounds: Echo's own server has no time-outs.
func newHTTPServer(handler http.Handler, certificates []tls.Certificate, log *slog.Logger) server {
	open := newConnections()
	server := server{open: open, log: log, Server: &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    16 << 10,
		ConnState:         open.track,
		ErrorLog:          stdlog.New(serverErrors{log}, "", 0),
	}}
	server.RegisterOnShutdown(open.close)
	if certificates != nil {
		server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: certificates} // ASVS 5.0 12.1.1
	}
	return server
}

// serverErrors takes net/http's own messages. It logs a panic that got past recoverPanic, which is a fault of ours. It
// leaves out all that anybody on the network can cause, such as TLS handshakes that fail; listener logs that no
// connection can be accepted.
type serverErrors struct{ log *slog.Logger }

// Write implements io.Writer.
func (s serverErrors) Write(text []byte) (int, error) {
	level := slog.LevelDebug
	if bytes.HasPrefix(text, []byte("http: panic serving")) {
		level = slog.LevelError
	}
	s.log.Log(context.Background(), level, string(bytes.TrimSpace(text)))
	return len(text), nil
}

// serve accepts connections until the server is shut down.
func (s server) serve(from net.Listener) error {
	from = &listener{Listener: from, open: s.open, log: s.log, seldom: rate.Sometimes{Interval: logAtMostEvery}}
	if s.TLSConfig != nil {
		return s.ServeTLS(from, "", "")
	}
	return s.Serve(from)
}

func serveUntil(ctx context.Context, server server, listener net.Listener, log *slog.Logger) error {
	failed := make(chan error, 1)
	go func() { failed <- server.serve(listener) }()
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
