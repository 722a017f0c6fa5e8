package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchkey/internal/sealing"
)

func TestCodesWithoutTheirKeyFileFailPlainlyAndTheRestGoesOn(t *testing.T) {
	t.Parallel()
	s, _, p, recoveryCode := newSiteWithCodes(t)
	path := s.app.settings.keyFile()
	key, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s.signUp("alice")
	alice := s.signedIn("alice")
	alice.saveCode("alice")
	other := filepath.Join(t.TempDir(), "other")
	if _, err := sealing.MakeKey(other); err != nil {
		t.Fatal(err)
	}
	otherKey, err := os.ReadFile(other)
	if err != nil {
		t.Fatal(err)
	}
	for name, wrong := range map[string]struct {
		text    []byte // nil: missing
		problem string
	}{
		"missing": {nil, "codes of 1 accounts cannot be checked: " + path + ": the key file is missing"},
		"damaged": {[]byte("nonsense\n"), "codes of 1 accounts cannot be checked: " + path + ": the key file is damaged: it holds 32 bytes in base64"},
		"another": {otherKey, "codes of 1 of 1 accounts cannot be checked: " + path + " is not the key that they were sealed with"},
	} {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if wrong.text != nil {
			if err := os.WriteFile(path, wrong.text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		b := s.browser()
		b.logIn("bob").wantPath("/login/second")
		b.post("/login/second", "one_time_code", p.next()).wantStatus(http.StatusServiceUnavailable).
			want("Codes cannot be checked at this moment. Use a passkey or your recovery code, or contact")
		if wrong.problem != "" {
			stdout, _, code := s.runCommand("check")
			if code == exitOK || !strings.Contains(stdout, wrong.problem) {
				t.Errorf("%s: check: exit code %d, %s", name, code, stdout)
			}
		}
		if name == "missing" { // no new key takes the place of one that is only out of reach
			alice.post("/user/alice/second-factor/codes").want("Codes cannot be set up at this moment.")
			if _, err := os.Stat(path); err == nil {
				t.Error("a new key was made")
			}
		}
		if err := os.WriteFile(path, key, 0o600); err != nil {
			t.Fatal(err)
		}
		b.post("/login/second", "one_time_code", p.next()).wantPath("/user/bob") // none of these attempts was a failure
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	b := s.browser()
	b.logIn("bob")
	b.post("/login/second/recovery", "recovery_code", recoveryCode).wantStatus(http.StatusOK)
}

func TestBackupTakesTheKeyAlongUnlessToldNotTo(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob")
	folder := t.TempDir()
	s.mustRun("backup", filepath.Join(folder, "before.db"))
	if _, err := os.Stat(filepath.Join(folder, "before.db.key")); err == nil {
		t.Error("a key was copied that nothing is sealed with")
	}
	p, _ := b.setUpCodes("bob")
	s.mustRun("backup", filepath.Join(folder, "whole.db"))
	want, err := os.ReadFile(s.app.settings.keyFile())
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(folder, "whole.db.key"))
	if err != nil || string(got) != string(want) {
		t.Errorf("the copied key: %v", err)
	}
	if info, err := os.Stat(filepath.Join(folder, "whole.db.key")); err != nil || info.Mode() != 0o600 {
		t.Errorf("its mode: %v, %v", info, err)
	}
	_, stderr, code := s.runCommand("backup", "--without-key", filepath.Join(folder, "bare.db"))
	if _, err := os.Stat(filepath.Join(folder, "bare.db.key")); code != exitOK || err == nil || !strings.Contains(stderr, "also need the key, which is not copied") {
		t.Errorf("without key: exit code %d, %s, %v", code, stderr, err)
	}
	if _, stderr, code := s.runCommand("backup", "-"); code != exitOK || !strings.Contains(stderr, "also need the key, which is not in the copy") {
		t.Errorf("to standard output: exit code %d, %s", code, stderr)
	}

	// Restored, the copy and its key let the owner in.
	restored := newSite(t, "--db="+filepath.Join(folder, "whole.db"))
	again := restored.browser()
	again.logIn("bob").wantPath("/login/second")
	restored.clock.Advance(time.Minute)
	again.post("/login/second", "one_time_code", phone{p.secret, restored.clock}.code()).wantPath("/user/bob")

	if err := os.Remove(s.app.settings.keyFile()); err != nil {
		t.Fatal(err)
	}
	if _, stderr, code := s.runCommand("backup", filepath.Join(folder, "late.db")); code == exitOK || !strings.Contains(stderr, "the key file is not copied: the key file is missing") {
		t.Errorf("without a key file: exit code %d, %s", code, stderr)
	}
}

func TestStartSaysThatTheKeyFileIsMissing(t *testing.T) {
	t.Parallel()
	s, _, _, _ := newSiteWithCodes(t)
	s.app.warnOfSecondFactors(t.Context())
	if strings.Contains(s.log.String(), "cannot be checked") {
		t.Error("all is well, and the start says otherwise")
	}
	if err := os.Remove(s.app.settings.keyFile()); err != nil {
		t.Fatal(err)
	}
	s.app.warnOfSecondFactors(t.Context())
	if want := `level=ERROR msg="codes of 1 accounts cannot be checked: ` + s.app.settings.keyFile() + ": the key file is missing"; !strings.Contains(s.log.String(), want) {
		t.Errorf("the log does not say %q", want)
	}
}
