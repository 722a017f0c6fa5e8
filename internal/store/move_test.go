package store

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"latchkey/internal/passkey"
	"latchkey/internal/throttle"
)

// filledFile is a SQLite file that holds something of everything, and whose last account was deleted.
func filledFile(t *testing.T) (s *Store, acting SignIn, counter Counter) {
	t.Helper()
	s = open(t, filepath.Join(t.TempDir(), "auth.db"))
	bob, eve := createUser(t, s, "bob"), createUser(t, s, "аррӏе")
	for _, uid := range []int64{bob, eve} {
		if err := s.AddToGroup(t.Context(), "family", []int64{uid}); err != nil {
			t.Fatal(err)
		}
	}
	addApp(t, s, "photos.example.org", "family")
	begun := login(bob, "bob")
	begun.Remembered = true
	begun.Session = SessionChange{Saved: &SessionRow{
		TokenHash: "token", Data: []byte("data\x00\xff"), Expires: time.Now().Add(time.Hour), SignIn: begun.ID,
	}}
	acting = begin(t, s, begun, at(noon))
	enter(t, s, bob, acting, "photos.example.org")
	makeCode(t, s, bob, acting, "photos.example.org", "second")
	addApp(t, s, "old.example.org", "family")
	makeCode(t, s, bob, acting, "old.example.org", "third")
	if err := s.RemoveApp(t.Context(), "old.example.org"); err != nil {
		t.Fatal(err)
	}
	if err := s.SetRecoveryCode(t.Context(), bob, []byte("code"), owner(acting, noon)); err != nil {
		t.Fatal(err)
	}
	if err := s.MarkRecoveryCodeSaved(t.Context(), bob, owner(acting, noon)); err != nil {
		t.Fatal(err)
	}
	if err := s.SetCodes(t.Context(), bob, CodeSecret{Sealed: []byte("sealed"), KeyID: []byte("key"), LastStep: 1}, owner(acting, noon)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.PasskeyHandle(t.Context(), bob, owner(acting, noon)); err != nil {
		t.Fatal(err)
	}
	made := Passkey{Credential: passkey.Credential{ID: []byte("passkey"), PublicKey: []byte("key"), AAGUID: []byte{0}}, UID: bob, Host: "login.example.org", Name: "Phone"}
	if err := s.AddPasskey(t.Context(), made, []byte("challenge"), owner(acting, noon)); err != nil {
		t.Fatal(err)
	}
	half := HalfLogin{ID: "half", User: User{UID: bob, Username: "bob", PassHash: "hash of bob"}}
	if err := s.BeginHalfLogin(t.Context(), half, Settlement{}, SessionChange{}, at(noon)); err != nil {
		t.Fatal(err)
	}
	if err := s.CreateAppPassword(t.Context(), bob, "photos.example.org", "phone", []byte("secret"), owner(acting, noon)); err != nil {
		t.Fatal(err)
	}
	if err := s.SetPasswordLink(t.Context(), bob, PasswordLink{TokenHash: []byte("link"), Expires: noon.Add(time.Hour)}, at(noon)); err != nil {
		t.Fatal(err)
	}
	if err := s.SetDisabled(t.Context(), eve, true, at(noon)); err != nil {
		t.Fatal(err)
	}
	counter = Counter{Key: []byte("key"), Rule: throttle.Backoff{Free: 1, FirstWait: time.Hour, MaxWait: time.Hour, CloseAt: 10}}
	if _, _, err := s.Take(t.Context(), []Counter{counter}, noon); err != nil {
		t.Fatal(err)
	}
	s.RecordFailure(Failure{Kind: LoginFailed}, at(noon))
	if err := s.WriteCollected(t.Context()); err != nil {
		t.Fatal(err)
	}
	gone := createUser(t, s, "gone")
	if err := s.DeleteUser(t.Context(), gone, Origin{At: noon, By: Admin}); err != nil {
		t.Fatal(err)
	}
	return s, acting, counter
}

func TestMoveTakesEverythingAlongAndNobodyHasToLogInAgain(t *testing.T) {
	postgresOnly(t)
	file, acting, counter := filledFile(t)
	address := blankAddress(t)
	var last, of int64
	moved, err := file.Move(t.Context(), address, func(done, total int64) { last, of = done, total })
	if err != nil {
		t.Fatal(err)
	}
	var rows int64
	for _, table := range moved {
		rows += table.Rows
		if want := value(t, file, "SELECT count(*) FROM "+table.Table); want == "0" && table.Table != "retired_names" {
			t.Errorf("the test has nothing in %s", table.Table)
		}
	}
	if last > of || of != rows {
		t.Errorf("%d rows, progress to %d of %d", rows, last, of)
	}
	s := open(t, address)
	wantSame := func(what, query string) {
		t.Helper()
		if here, there := value(t, file, query), value(t, s, query); here != there {
			t.Errorf("%s: %s in the file, %s where it was moved to", what, here, there)
		}
	}
	wantSame("users", "SELECT string_agg(uid || username || pass_hash || skeleton || coalesce(disabled_at, 0), ',' ORDER BY uid) FROM users")
	wantSame("events", "SELECT string_agg(id || kind || coalesce(uid, 0) || repeats, ',' ORDER BY id) FROM events")
	wantSame("skeletons", "SELECT version FROM skeleton_version")
	found, err := s.SignInsByID(t.Context(), []string{acting.ID})
	if err != nil || len(found) != 1 || !found[0].Remembered || found[0].LacksRecoveryCode {
		t.Errorf("the sign-in is %+v, %v", found, err)
	}
	if data, found, err := s.FindSession(t.Context(), "token"); string(data) != "data\x00\xff" || !found || err != nil {
		t.Errorf("the session is %q, %t, %v", data, found, err)
	}
	if entered, err := s.AppSignInByToken(t.Context(), "photos.example.org", token("photos.example.org")); err != nil || !entered.MayEnter {
		t.Errorf("the sign-in in the app is %+v, %v", entered, err)
	}
	if known, err := s.KnownBrowser(t.Context(), "bob", unknown.NewHash); known == "" || err != nil {
		t.Errorf("the browser is known as %q, %v", known, err)
	}
	if wait, err := s.Wait(t.Context(), []Counter{counter}, noon); wait != time.Hour || err != nil {
		t.Errorf("the counter waits %v, %v", wait, err)
	}
	// Its number was the third, and that account is gone: it is in the log.
	if uid := createUser(t, s, "next"); uid != 4 {
		t.Errorf("the next account has number %d, want 4", uid)
	}
	if _, err := s.CreateUser(t.Context(), User{Username: "apple", PassHash: "hash"}, unknown, at(noon)); !errors.Is(err, ErrUsernameTaken) {
		t.Errorf("a name that looks like another: %v", err)
	}
	again := login(acting.UID, "bob")
	again.Proof = Proof{Code: &CodeUse{Step: 2, Sealed: []byte("sealed")}}
	begin(t, s, again, at(noon))
	if _, err := file.Move(t.Context(), address, func(int64, int64) {}); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("moved twice: %v, want ErrNotEmpty", err)
	}
}

func TestMoveThatIsInterruptedLeavesNothingAndCanBeDoneAgain(t *testing.T) {
	postgresOnly(t)
	file, acting, _ := filledFile(t)
	address := blankAddress(t)
	for stopAfter := range 12 {
		ctx, stop := context.WithCancel(t.Context())
		calls := 0
		_, err := file.Move(ctx, address, func(int64, int64) {
			if calls++; calls > stopAfter {
				stop()
			}
		})
		stop()
		if err == nil {
			t.Fatal("it was not interrupted")
		}
	}
	if _, err := file.Move(t.Context(), address, func(int64, int64) {}); err != nil {
		t.Fatal(err)
	}
	if found, err := open(t, address).SignInsByID(t.Context(), []string{acting.ID}); err != nil || len(found) != 1 {
		t.Errorf("the sign-in is %+v, %v", found, err)
	}
}

func TestMoveKeepsEveryoneElseFromWritingToTheFile(t *testing.T) {
	postgresOnly(t)
	path := filepath.Join(t.TempDir(), "auth.db")
	file, served := open(t, path), openWaiting(t, path, 20*time.Millisecond)
	createUser(t, file, "bob")
	tried := false
	if _, err := file.Move(t.Context(), blankAddress(t), func(int64, int64) {
		if tried {
			return
		}
		tried = true
		if _, err := served.CreateUser(t.Context(), User{Username: "eve", PassHash: "hash"}, unknown, at(noon)); !errors.Is(err, ErrUnavailable) {
			t.Errorf("an account was made meanwhile: %v", err)
		}
	}); err != nil {
		t.Fatal(err)
	}
}
