//go:build linux

package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
)

// buildServer builds the server of the current tree.
func buildServer(ctx context.Context, folder string) (binary string, err error) {
	binary = filepath.Join(folder, "latchkey")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", binary, "latchkey/cmd/web")
	build.Env = append(build.Environ(), "CGO_ENABLED=0") // as task build does
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the server: %w\n%s", err, output)
	}
	return binary, nil
}

// startServer starts the server under test on the database and waits until it answers. Its settings are the
// defaults, but for the proxy that lets each request come from an address of its own, and for what more names.
func (b *bench) startServer(ctx context.Context, database string, more ...string) (*process, error) {
	p, err := b.launchServer(ctx, database, more)
	if err != nil {
		return nil, err
	}
	if err := p.waitForPage(ctx, "/login"); err != nil {
		p.kill()
		return nil, err
	}
	return p, nil
}

func (b *bench) launchServer(ctx context.Context, database string, more []string) (*process, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	return startProcess(ctx, address, filepath.Join(b.folder, "server.log"),
		append([]string{b.binary, "--addr=" + address, "--db=" + database, "--trusted-proxy=127.0.0.1"}, more...)...)
}

// logIn logs in through the front door and returns the browser's cookies.
func logIn(ctx context.Context, p *process, username string) (map[string]string, error) {
	answer, err := visit(ctx, p.address, login(username, sharedPassword, newAddress()), http.StatusSeeOther)
	if err != nil {
		return nil, err
	}
	return answer.cookies(), wantHome(answer, username)
}

// wantHome checks that a login succeeded: it leads home and brings a session.
func wantHome(answer response, username string) error {
	if to := answer.header.Get("Location"); to != homePath(username) {
		return fmt.Errorf("the login of %s leads to %q", username, to)
	}
	for name := range answer.cookies() {
		if strings.HasSuffix(name, "session") {
			return nil
		}
	}
	return fmt.Errorf("the login of %s sets no session cookie", username)
}

func homePath(username string) string {
	return "/user/" + url.PathEscape(username)
}

// homeRequests logs users in, each in a browser and from an address of its own, and returns the requests for their
// home pages.
func homeRequests(ctx context.Context, p *process, users int) ([][]byte, error) {
	requests := make([][]byte, users)
	for i := range requests {
		cookies, err := logIn(ctx, p, username(i))
		if err != nil {
			return nil, err
		}
		// The first page gives the browser whatever other cookies it keeps.
		o := requestOptions{cookies: cookies, from: newAddress(), encodings: browserEncodings}
		answer, err := visit(ctx, p.address, get(homePath(username(i)), o), http.StatusOK)
		if err != nil {
			return nil, err
		}
		for name, value := range answer.cookies() {
			cookies[name] = value
		}
		requests[i] = get(homePath(username(i)), o)
	}
	return requests, nil
}
