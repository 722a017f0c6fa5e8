//go:build unix

package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"testing"
)

func TestSignupThatWasAcknowledgedSurvivesAKill(t *testing.T) {
	t.Parallel()
	flags := append(cheap, "--db="+filepath.Join(t.TempDir(), "auth.db"), "--signups-per-hour=1000")
	var acknowledged []string
	for round := range 3 {
		p := startProgram(t, flags...)
		for _, username := range acknowledged {
			p.browser().post("/login", "username", username, "password", goodPassword).
				wantStatus(http.StatusOK).wantPath("/user/" + username)
		}
		for i := range 3 {
			username := fmt.Sprintf("user%d-%d", round, i)
			p.browser().stay().post("/signup", "username", username, "password", goodPassword).wantStatus(http.StatusSeeOther)
			acknowledged = append(acknowledged, username)
		}
		p.kill()
	}
}

// Killed in the middle of writing, the file must still be sound, and hold at least what was acknowledged.
func TestServerKilledWhileItWritesStartsAgainWithNothingLost(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "auth.db")
	flags := append(cheap, "--db="+path, "--signups-per-hour=100000")
	p := startProgram(t, flags...)
	signups := p.streamSignups()
	p.waitFor("some accounts", func() bool { return len(signups.acknowledged()) >= 40 })
	p.kill()
	signups.end()
	acknowledged := signups.acknowledged()

	again := startProgram(t, flags...)
	db := openDB(t, path)
	for _, username := range acknowledged {
		var found int
		if err := db.QueryRow("SELECT count(*) FROM users WHERE username = ?", username).Scan(&found); err != nil || found != 1 {
			t.Errorf("%s is there %d times (%v), want once", username, found, err)
		}
	}
	var sound string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&sound); err != nil || sound != "ok" {
		t.Errorf("integrity check: %q, %v", sound, err)
	}
	again.browser().post("/login", "username", acknowledged[len(acknowledged)-1], "password", goodPassword).
		wantStatus(http.StatusOK)
}

func TestServerRestartSignsNobodyOut(t *testing.T) {
	t.Parallel()
	flags := append(cheap, "--db="+filepath.Join(t.TempDir(), "auth.db"))
	p := startProgram(t, flags...)
	b := p.browser()
	b.post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK)
	b.post("/login", "username", "bob", "password", goodPassword).wantPath("/user/bob")
	for _, end := range []func(*program){(*program).stop, (*program).kill} {
		end(p)
		p = startProgram(t, flags...)
		// Cookies belong to a host, whatever its port.
		b.site.server.URL = p.url("")
		b.get("/user/bob").wantStatus(http.StatusOK).want("Hello Bob")
	}
	b.post("/logout/bob").wantStatus(http.StatusOK)
	p.kill()
	p = startProgram(t, flags...)
	b.site.server.URL = p.url("")
	b.get("/user/bob").wantStatus(http.StatusUnauthorized)
}

func TestServersMayStartOnOneNewFileAtTheSameMoment(t *testing.T) {
	t.Parallel()
	for range 4 {
		path := filepath.Join(t.TempDir(), "auth.db")
		flags := append(cheap, "--addr=localhost:0", "--busy-timeout=30s", "--db="+path)
		first, second := launch(t, command(t, flags...)), launch(t, command(t, flags...))
		for _, p := range []*program{first, second} {
			p.waitFor("its address", p.findAddress)
		}
		first.browser().post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK)
		first.stop()
		second.browser().post("/login", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK).wantPath("/user/bob")
		second.stop()
		onlyFile(t, path)
	}
}
