package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"modernc.org/sqlite"

	"latchkey/internal/password"
)

// work is what the program does for a request: each Argon2id computation with its costs, each statement that its
// database compiles, each row that it writes, each commit.
type work struct {
	mu   sync.Mutex
	done []string
}

func (w *work) add(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done = append(w.done, fmt.Sprintf(format, args...))
}

func (w *work) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	done := w.done
	w.done = nil
	return done
}

// observed are the databases whose connections tell what they do: a *work by path.
var observed sync.Map

func init() {
	sqlite.RegisterConnectionHook(func(connection sqlite.ExecQuerierContext, dataSource string) (err error) {
		observed.Range(func(path, w any) bool {
			if strings.Contains(dataSource, path.(string)) {
				err = w.(*work).observe(connection)
			}
			return true
		})
		return err
	})
}

func (w *work) observe(connection sqlite.ExecQuerierContext) error {
	hooks := connection.(sqlite.HookRegisterer)
	hooks.RegisterCommitHook(func() int32 {
		w.add("commit")
		return 0
	})
	hooks.RegisterPreUpdateHook(func(row sqlite.SQLitePreUpdateData) { w.add("write %d %s", row.Op, row.TableName) })
	return connection.(sqlite.AuthorizerRegisterer).RegisterAuthorizer(
		func(action sqlite.AuthorizerActionCode, table, column, _, _ string) sqlite.AuthorizerReturnCode {
			w.add("statement %d %s %s", action, table, column)
			return sqlite.AuthorizerOK
		})
}

// The time of an answer must not tell whether a name has an account. So the work is counted.
func TestLoginDoesTheSameWorkForWrongNameAndWrongPassword(t *testing.T) {
	t.Parallel()
	path, w := filepath.Join(t.TempDir(), "observed.db"), &work{}
	observed.Store(path, w)
	defer observed.Delete(path)
	s := newSite(t, "--db="+path)
	s.app.hasher.Observe(func(costs password.Params) { w.add("hash %+v", costs) })
	s.signUp("bob")
	for _, name := range []string{"carol", "dave"} { // with a second factor
		s.signUp(name)
	}
	s.signedIn("carol").setUpCodes("carol")
	s.exec(`INSERT INTO passkeys (id, uid, rp_id, public_key, sign_count, backup_eligible, backed_up, transports, aaguid, name, created_at)
		SELECT x'01', uid, 'localhost', x'00', 0, 0, 0, '', x'00', 'Key', 1 FROM users WHERE username = 'dave'`)
	s.browser().logIn("dave").wantPath("/login/second")
	fail := func(username string) []string {
		// After a change of the schema all statements are compiled anew, and seen, also those that were prepared.
		s.exec("CREATE TABLE changed (one)")
		s.exec("DROP TABLE changed")
		w.take()
		if answer := s.serve("/login", nil, "username", username, "password", "wrong"); answer.Code != http.StatusUnauthorized {
			t.Errorf("%s: status %d", username, answer.Code)
		}
		return w.take()
	}
	fail("anyone") // the first attempt of an address adds its counter
	for attempt := range 3 {
		wanted := fail("bob")
		for _, needed := range []string{"hash {MemoryKiB:64 Iterations:1 Threads:1}", "commit", "write 18 throttle", "statement 20 users pass_hash"} {
			if attempt == 0 && !slices.Contains(wanted, needed) {
				t.Fatalf("no %q was seen, only %q", needed, wanted)
			}
		}
		for _, username := range []string{"nobody", "not allowed", "carol", "dave"} {
			if done := fail(username); !slices.Equal(done, wanted) {
				t.Errorf("a login as %q takes\n%q\nand one with a wrong password\n%q", username, done, wanted)
			}
		}
	}
}
