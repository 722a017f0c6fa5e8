package store

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// changed returns an address with another part.
func changed(t *testing.T, address string, change func(*url.URL, url.Values)) string {
	t.Helper()
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	settings := parsed.Query()
	change(parsed, settings)
	parsed.RawQuery = settings.Encode()
	return parsed.String()
}

func TestPostgresThatCannotBeOpenedSaysWhyAndNeverThePassword(t *testing.T) {
	postgresOnly(t)
	address := newAddress(t)
	set := func(name, value string) string {
		return changed(t, address, func(_ *url.URL, settings url.Values) { settings.Set(name, value) })
	}
	for name, test := range map[string]struct{ address, want string }{
		"no such database": {changed(t, address, func(u *url.URL, _ url.Values) { u.Path = "/none" }), "does not exist"},
		"no such folder":   {set("host", "/none"), "no such file"},
		"no server":        {"postgres://bob:secret@127.0.0.1:1/x", "refused"},
		"unknown setting":  {set("colour", "blue"), "colour"},
		"without TLS":      {changed(t, set("sslmode", "require"), func(u *url.URL, s url.Values) { s.Set("host", "127.0.0.1"); s.Set("port", "1") }), "refused"},
		"bad port":         {"postgres://bob:secret@127.0.0.1:port/x", "port"},
		"bad escape":       {"postgres://bob:secret%@127.0.0.1/x", "percent-encoded"},
		"bad sslmode":      {"postgres://bob:secret@127.0.0.1/x?sslmode=perhaps", "sslmode"},
		"slash":            {"postgres://bob:12/secret@127.0.0.1:1/x", "%2F"},
		"question mark":    {"postgres://bob:12?secret@127.0.0.1:1/x", "%3F"},
		"number sign":      {"postgres://bob:12#secret@127.0.0.1:1/x", "%23"},
		"at sign":          {"postgres://bob:12@secret@127.0.0.1:1/x", "%40"},
		"password setting": {"postgres://127.0.0.1:1/x?user=bob&password=secret", "refused"},
	} {
		_, err := Open(t.Context(), test.address, time.Second)
		wantOneLine(t, err, "open database postgres://", test.want)
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the password is in: %v", name, err)
		}
	}
}

func TestPostgresIsRefusedWhenItsTablesAreNotThisPrograms(t *testing.T) {
	postgresOnly(t)
	ctx := t.Context()
	if _, err := OpenExisting(ctx, blankAddress(t), time.Second); err == nil || !strings.Contains(err.Error(), "it is empty") {
		t.Errorf("a command on an empty database: %v", err)
	}
	foreign := newPostgres(t, "")
	s := openBare(t, foreign)
	if _, err := s.ExecContext(ctx, "CREATE TABLE users (theirs TEXT)"); err != nil {
		t.Fatal(err)
	}
	_, err := Open(ctx, foreign, time.Second)
	wantOneLine(t, err, "it is another program's database")
	for change, want := range map[string]string{
		"INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, TRUE)": "is newer than this program's",
		"DELETE FROM goose_db_version WHERE version_id > 0":                         "is older than this program's",
	} {
		address := newAddress(t)
		if _, err := openBare(t, address).ExecContext(ctx, change); err != nil {
			t.Fatal(err)
		}
		for _, open := range []func(context.Context, string, time.Duration) (*Store, error){OpenExisting, OpenToRead} {
			_, err := open(ctx, address, time.Second)
			wantOneLine(t, err, want)
		}
	}
}

func TestPostgresThatDiesIsUnavailableAndWellAgainWhenItIsBack(t *testing.T) {
	server, address := ownServer(t)
	s := openWaiting(t, address, 2*time.Second)
	bob := createUser(t, s, "bob")
	id := signIn(t, s, bob, noon).ID
	all := connections(t, s)
	for _, connection := range all { // the pool is full of connections that are about to die
		connection.Close()
	}
	server.Kill()
	wantUnavailable(t, writes(s))
	wantUnavailable(t, reading(s, id))
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	if found, err := s.SignInsByID(t.Context(), []string{id}); err != nil || len(found) != 1 {
		t.Errorf("the first question after the restart: %v, %v", found, err)
	}
	createUser(t, s, "eve")
}

// reading are questions that are asked without a context that ends.
func reading(s *Store, id string) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"Ready": s.Ready,
		"SignInsByID": func(ctx context.Context) error {
			_, err := s.SignInsByID(ctx, []string{id})
			return err
		},
		"FindSession": func(ctx context.Context) error {
			_, _, err := s.FindSession(ctx, "token")
			return err
		},
		"SessionStore": func(context.Context) error { return unavailable(s.SessionStore().Delete("token")) },
	}
}

// The kernel of a machine whose programs are frozen still answers: nothing but a clock tells.
func TestPostgresThatIsFrozenIsUnavailableWithinTheBusyTimeout(t *testing.T) {
	server, address := ownServer(t)
	const limit = 2 * time.Second
	s := openWaiting(t, address, limit)
	bob := createUser(t, s, "bob")
	id := signIn(t, s, bob, noon).ID
	thaw := server.Freeze()
	defer thaw()
	for name, ask := range reading(s, id) {
		began := time.Now()
		err := ask(t.Context())
		if !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s: %v, want ErrUnavailable", name, err)
		}
		// Two connections are found to be dead, and a new one is tried (connect_timeout).
		if took := time.Since(began); took > limit+3*time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
	thaw()
	if found, err := s.SignInsByID(t.Context(), []string{id}); err != nil || len(found) != 1 {
		t.Errorf("after the thaw: %v, %v", found, err)
	}
}

func TestChangesThatWaitForEachOtherBothSucceed(t *testing.T) {
	postgresOnly(t)
	t.Parallel()
	s := newStore(t)
	uids := []int64{createUser(t, s, "bob"), createUser(t, s, "eve")}
	var tries atomic.Int64
	has := []chan struct{}{make(chan struct{}, mostTries), make(chan struct{}, mostTries)}
	change := func(first int) func() {
		return func() {
			err := s.write(t.Context(), "test", func(ctx context.Context, tx *transaction) error {
				if err := tx.lockAccount(ctx, uids[first]); err != nil {
					return err
				}
				if tries.Add(1) <= 2 {
					has[first] <- struct{}{}
					<-has[1-first]
				}
				return tx.lockAccount(ctx, uids[1-first])
			})
			if err != nil {
				t.Error(err)
			}
		}
	}
	atOnce(0, change(0), change(1))
	if tries.Load() < 3 {
		t.Errorf("%d tries, want at least 3: one of two is begun again", tries.Load())
	}
}

func TestPostgresThatIsReadOnlyIsUnavailable(t *testing.T) {
	postgresOnly(t)
	address := newAddress(t)
	s := open(t, address)
	createUser(t, s, "bob")
	for _, connection := range connections(t, s) { // what a primary that was demoted says
		if _, err := connection.ExecContext(t.Context(), "SET default_transaction_read_only = on"); err != nil {
			t.Fatal(err)
		}
		connection.Close()
	}
	wantUnavailable(t, writes(s))
	if _, err := s.UserByUsername(t.Context(), "bob"); err != nil {
		t.Errorf("reading: %v", err)
	}
	_, err := Open(t.Context(), changed(t, address, func(_ *url.URL, settings url.Values) {
		settings.Set("default_transaction_read_only", "on")
	}), time.Second)
	wantOneLine(t, err, "read only")
}

func TestCommitThatMayNotHaveReachedTheStandbyIsNotAcknowledged(t *testing.T) {
	server, address := ownServer(t)
	s := openWaiting(t, address, 30*time.Second)
	createUser(t, s, "bob")
	for _, statement := range []string{
		"SET synchronous_commit = local", "ALTER SYSTEM SET synchronous_standby_names = 'gone'", "SELECT pg_reload_conf()",
	} {
		if _, err := server.Admin().ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	var created error
	done := make(chan struct{})
	go func() {
		defer close(done)
		time.Sleep(100 * time.Millisecond) // the server reads its settings
		_, created = s.CreateUser(t.Context(), User{Username: "eve", PassHash: "hash"}, unknown, at(noon))
	}()
	for waiting := true; waiting; {
		select {
		case <-done:
			waiting = false
		case <-time.After(50 * time.Millisecond):
			if _, err := server.Admin().ExecContext(t.Context(),
				"SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !errors.Is(created, ErrUnavailable) {
		t.Errorf("%v, want ErrUnavailable", created)
	}
}
