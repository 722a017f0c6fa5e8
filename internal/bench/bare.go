//go:build linux

package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	_ "modernc.org/sqlite"
)

// bareCommand is the least that net/http can do to send the same bytes as the server, run in a process of its own as
// the server is.
type bareCommand struct {
	Addr   string `required:""`
	Answer string `required:"" help:"File with what to answer."`
	DB     string `name:"db" required:"" help:"Ask this file for one row by primary key first."`
}

// barePool is the best size known for the pool of connections, on two processors.
const barePool = 2

// bareAnswer is what the server answered.
type bareAnswer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Run serves until it is told to stop.
func (c *bareCommand) Run(ctx context.Context) error {
	text, err := os.ReadFile(c.Answer)
	if err != nil {
		return err
	}
	var answer bareAnswer
	if err := json.Unmarshal(text, &answer); err != nil {
		return err
	}
	db, err := openBare(c.DB)
	if err != nil {
		return err
	}
	defer db.Close()
	// The row of the user, by the rowid: no query finds anything with less work.
	lookUp, err := db.PrepareContext(ctx, "SELECT username FROM users WHERE uid = ?")
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
	// The time-outs are the server's, in cmd/web/serve.go: each costs a little.
	server := &http.Server{
		Addr:              c.Addr,
		Handler:           answer.handler(lookUp),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	context.AfterFunc(ctx, func() { server.Close() })
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (a bareAnswer) handler(lookUp *sql.Stmt) http.Handler {
	var asked atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var name string
		uid := 1000 + asked.Add(1)%homeUsers
		// Without the request's context: to watch for its end costs a goroutine per query.
		if err := lookUp.QueryRow(uid).Scan(&name); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		header := w.Header()
		for name, values := range a.Header {
			header[name] = values
		}
		w.WriteHeader(a.Status)
		_, _ = w.Write(a.Body)
	})
}

// openBare opens the file as package store does, as far as it matters to a query.
func openBare(path string) (*sql.DB, error) {
	settings := url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+settings.Encode())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(barePool)
	db.SetMaxIdleConns(barePool)
	return db, nil
}

// startBare starts a bare handler that answers as the server, asked at that address, does to the request, after a query.
func (b *bench) startBare(ctx context.Context, asked string, request []byte) (*process, error) {
	captured, err := visit(ctx, asked, request, http.StatusOK)
	if err != nil {
		return nil, err
	}
	captured.header.Del("Date") // net/http writes it
	captured.header.Set("Content-Length", strconv.Itoa(len(captured.body)))
	captured.header.Del("Transfer-Encoding")
	text, err := json.Marshal(bareAnswer{captured.status, captured.header, captured.body})
	if err != nil {
		return nil, err
	}
	file := filepath.Join(b.folder, "answer.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p, err := startProcess(ctx, address, filepath.Join(b.folder, "bare.log"), self, "bare", "--addr="+address, "--answer="+file, "--db="+b.database)
	if err != nil {
		return nil, err
	}
	if err := p.waitForPage(ctx, "/"); err != nil {
		p.kill()
		return nil, fmt.Errorf("bare handler: %w", err)
	}
	return p, nil
}
