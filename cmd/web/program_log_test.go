//go:build unix

package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestLogInJSONIsOneObjectALine(t *testing.T) {
	t.Parallel()
	p := startProgram(t, append(cheap, "--log-format=json", "--url=http://login.example.org")...)
	b := p.browser()
	b.get("/login").wantStatus(http.StatusOK)
	b.get("/user/bob").wantStatus(http.StatusUnauthorized)
	b.post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK)
	b.post("/login", "username", "bob\"\n", "password", "wrong").wantStatus(http.StatusUnauthorized)
	p.stop()

	messages := map[string]int{}
	for line := range strings.Lines(p.log.String()) {
		var entry struct {
			Time    time.Time
			Level   string
			Message string `json:"msg"`
		}
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Errorf("%v in: %s", err, line)
		}
		if entry.Time.IsZero() || entry.Level == "" || entry.Message == "" {
			t.Errorf("no time, level or message in: %s", line)
		}
		first, _, _ := strings.Cut(entry.Message, " ")
		messages[first]++
	}
	for message, least := range map[string]int{"Latchkey": 1, "passwords": 1, "request": 5, "security": 2, "stopping:": 1} {
		if messages[message] < least {
			t.Errorf("%d lines begin with %q, want %d or more; all: %v", messages[message], message, least, messages)
		}
	}
}

func TestLogSaysFirstWhereTheSiteIs(t *testing.T) {
	t.Parallel()
	p := startProgram(t, append(cheap, "--url=https://login.example.org")...)
	start, _, _ := strings.Cut(p.log.String(), "\n")
	for _, part := range []string{"level=INFO", `"Latchkey is at https://login.example.org"`, "listening=" + p.address, "db=auth.db"} {
		if !strings.Contains(start, part) {
			t.Errorf("no %s in: %s", part, start)
		}
	}
	p.browser().get("/healthz").wantStatus(http.StatusOK)
	p.stop()

	local := startProgram(t, append(cheap, "--addr=localhost:0")...)
	_, port, _ := strings.Cut(local.address, ":")
	if want := "Latchkey is at http://localhost:" + port; !strings.Contains(local.log.String(), want) {
		t.Errorf("no %q in: %s", want, local.log)
	}
	local.stop()
}

func TestLogWarnsOfPasswordsThatTravelUnencrypted(t *testing.T) {
	t.Parallel()
	for flags, warned := range map[string]bool{
		"":                                        false,
		"--url=http://127.0.0.1":                  false,
		"--url=https://login.example.org":         false,
		"--url=http://login.example.org":          true,
		"--url=http://192.168.0.7:8080":           true,
		"--addr=127.0.0.1:0":                      false,
		"--addr=0.0.0.0:0":                        true,
		"--addr=:0":                               true,
		"--addr=0.0.0.0:0 --url=http://localhost": true,
		"--addr=0.0.0.0:0 --url=https://login.example.org": false, // a proxy on another machine
	} {
		t.Run(flags, func(t *testing.T) {
			t.Parallel()
			p := startProgram(t, append(slices.Clone(cheap), strings.Fields(flags)...)...)
			p.browser().get("/healthz").wantStatus(http.StatusOK)
			p.stop()
			if got := strings.Contains(p.log.String(), "level=WARN msg=\"passwords travel unencrypted"); got != warned {
				t.Errorf("warned: %t, want %t", got, warned)
			}
		})
	}
}
