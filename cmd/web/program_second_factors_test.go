//go:build unix

package main

import (
	"os"
	"strings"
	"testing"
)

func TestProgramStartedWithAnotherURLSaysWhichPasskeysThatEnds(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "alice", "bob")
	s.withPasskey("alice")
	b, _ := s.withPasskey("bob")
	b.addPasskey("bob", s.device())
	start := func(url string) string {
		p := startProgram(t, append([]string{"--db=" + s.app.settings.DB, "--url=" + url}, cheap...)...)
		p.stop()
		return p.log.String()
	}
	if log := start("https://login.example.org"); strings.Contains(log, "passkeys were made for") {
		t.Errorf("nothing has changed, and the log says: %s", log)
	}
	if log := start("https://new.example.org"); !strings.Contains(log, "level=WARN") ||
		!strings.Contains(log, "3 passkeys were made for login.example.org and do not work at new.example.org") {
		t.Errorf("the log says: %s", log)
	}
	if log := start("https://login.example.org"); strings.Contains(log, "passkeys were made for") {
		t.Errorf("all is well again, and the log says: %s", log)
	}
}

func TestProgramStartedWithoutItsKeyFileSaysSo(t *testing.T) {
	t.Parallel()
	s, _, _, _ := newSiteWithCodes(t)
	start := func() string {
		p := startProgram(t, append([]string{"--db=" + s.app.settings.DB}, cheap...)...)
		p.stop()
		return p.log.String()
	}
	if log := start(); strings.Contains(log, "cannot be checked") {
		t.Errorf("all is well, and the log says: %s", log)
	}
	if err := os.Remove(s.app.settings.keyFile()); err != nil {
		t.Fatal(err)
	}
	if log := start(); !strings.Contains(log, "level=ERROR") || !strings.Contains(log, s.app.settings.keyFile()+": the key file is missing") {
		t.Errorf("the log says: %s", log)
	}
}
