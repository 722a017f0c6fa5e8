//go:build unix

package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// shell runs commands with $db, the database, $copy, a back-up, and $away, an empty folder.
func shell(t *testing.T, commands, db, copied, away string) {
	t.Helper()
	c := command(t)
	c.Path, c.Args = "/bin/sh", []string{"sh", "-ec", commands}
	c.Env = append(c.Env, "db="+db, "copy="+copied, "away="+away)
	if output, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", commands, err, output)
	}
}

// healthy waits until the server is in order again.
func (p *program) healthy() {
	p.t.Helper()
	p.waitFor("its health", func() bool { return p.browser().get("/healthz").status == http.StatusOK })
}

// wantIn checks who has an account in a file.
func wantIn(t *testing.T, path string, names ...string) {
	t.Helper()
	there := accounts(t, path)
	for _, name := range names {
		if missing, ok := strings.CutPrefix(name, "not "); ok && there[missing] || !ok && !there[name] {
			t.Errorf("%s holds %v, want %s", path, there, name)
		}
	}
}

func TestDatabaseReplacedUnderTheServerIsTheOneThatPeopleUse(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		how   string
		moved string // where the old file is, "" for nowhere
	}{
		"moved with its log":        {`mv "$db"* "$away"; cp "$copy" "$db"`, "away"},
		"moved alone":               {`mv "$db" "$away/auth.db"; cp "$copy" "$db"`, "away"},
		"replaced by rename":        {`cp "$copy" "$db.new"; mv "$db.new" "$db"`, ""},
		"removed with its log":      {`rm "$db"*; cp "$copy" "$db"`, ""},
		"removed alone":             {`rm "$db"; cp "$copy" "$db"`, ""},
		"a link to another file":    {`ln -sfn "$copy" "$db"`, "target"},
		"its folder moved":          {`mv "$(dirname "$db")" "$away/state"; mkdir "$(dirname "$db")"; cp "$copy" "$db"`, "state"},
		"a file of an older schema": {`mv "$db"* "$away"; cp "$copy" "$db.new"; mv "$db.new" "$db"`, "away"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder, away := t.TempDir(), t.TempDir()
			db, copied := filepath.Join(folder, "state", "auth.db"), filepath.Join(folder, "copy.db")
			writeFile(t, db, "")
			if test.moved == "target" {
				shell(t, `mv "$db" "$away/auth.db"; ln -s "$away/auth.db" "$db"`, db, copied, away)
			}
			p := startProgram(t, append(cheap, "--db="+db)...)
			p.browser().post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK)
			if _, stderr, code := runAdmin(t, db, "backup", copied); code != exitOK {
				t.Fatal(stderr)
			}
			if strings.Contains(name, "older") {
				execIn(t, copied, "DROP TABLE password_links; ALTER TABLE users DROP COLUMN disabled_at; DELETE FROM goose_db_version WHERE version_id > 3")
			}
			p.browser().post("/signup", "username", "carol", "password", goodPassword).wantStatus(http.StatusOK)
			b := p.browser()
			b.logIn("carol")

			shell(t, test.how, db, copied, away)
			b.get("/user/carol").wantStatus(http.StatusServiceUnavailable)
			p.browser().post("/signup", "username", "dave", "password", goodPassword).wantOutagePage()
			p.healthy()
			if log := p.log.String(); !strings.Contains(log, "level=ERROR msg=database error=\"the database file "+db+" was moved, removed or replaced\"") {
				t.Error("the log does not say what has happened")
			}

			p.browser().logIn("bob")
			b.stay().get("/user/carol").wantStatus(http.StatusUnauthorized)
			p.browser().post("/login", "username", "carol", "password", goodPassword).wantStatus(http.StatusUnauthorized)
			p.browser().post("/signup", "username", "erin", "password", goodPassword).wantStatus(http.StatusOK)
			wantIn(t, db, "bob", "erin", "not carol", "not dave")
			if _, stderr, code := runAdmin(t, db, "user", "disable", "bob"); code != exitOK {
				t.Errorf("user disable: %s", stderr)
			}
			p.browser().post("/login", "username", "bob", "password", goodPassword).wantStatus(http.StatusUnauthorized)
			p.stop()
			wantChecked(t, db)
			if old := map[string]string{"away": "auth.db", "target": "auth.db", "state": "state/auth.db"}[test.moved]; old != "" {
				wantChecked(t, filepath.Join(away, old))
				wantIn(t, filepath.Join(away, old), "bob", "carol", "not dave", "not erin")
			}
			for _, left := range entries(t, filepath.Dir(db)) {
				if left != "auth.db" {
					t.Errorf("left beside the database: %s", left)
				}
			}
		})
	}
}

func TestDatabaseThatIsGoneOrBadIsAnOutageUntilAGoodOneIsThere(t *testing.T) {
	t.Parallel()
	folder, away := t.TempDir(), t.TempDir()
	db := filepath.Join(folder, "auth.db")
	p := startProgram(t, append(cheap, "--db="+db)...)
	p.browser().post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK)
	b := p.browser()
	b.logIn("bob")
	wantOutage := func(says string) {
		t.Helper()
		p.waitFor("the log to say "+says, func() bool {
			return strings.Contains(p.log.String(), "msg=database error=") && strings.Contains(p.log.String(), says)
		})
		b.get("/user/bob").wantOutagePage()
		p.browser().post("/signup", "username", "eve", "password", goodPassword).wantOutagePage()
		p.browser().get("/healthz").wantStatus(http.StatusServiceUnavailable)
		p.browser().get("/login").wantStatus(http.StatusOK)
	}
	shell(t, `mv "$db"* "$away"`, db, "", away)
	wantOutage("there is no such file")
	if left := entries(t, folder); len(left) > 0 {
		t.Errorf("made %v in place of what was moved away", left)
	}
	shell(t, `: >"$db"`, db, "", away)
	wantOutage("it is empty")
	shell(t, `echo These are my notes. >"$db"`, db, "", away)
	wantOutage("file is not a database")
	shell(t, `head -c 5000 "$away/auth.db" >"$db"`, db, "", away)
	wantOutage("malformed")
	shell(t, `rm "$db"*; mv "$away/auth.db" "$db"`, db, "", away)
	p.healthy()
	b.get("/user/bob").wantStatus(http.StatusOK)
	if log := p.log.String(); strings.Count(log, "level=ERROR msg=database error=") > 6 || !strings.Contains(log, "the database is open again") {
		t.Error("the log does not tell once what was wrong, and that it is over")
	}
	p.stop()
	onlyFile(t, db)
	wantChecked(t, db)
}

func TestDatabaseMovedAndPutBackBeforeAnybodyAskedIsUsedAsBefore(t *testing.T) {
	t.Parallel()
	db, away := filepath.Join(t.TempDir(), "auth.db"), t.TempDir()
	p := startProgram(t, append(cheap, "--db="+db)...)
	p.browser().post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK)
	shell(t, `mv "$db"* "$away"; mv "$away"/* "$(dirname "$db")"`, db, "", away)
	p.healthy()
	p.browser().logIn("bob")
	p.stop()
	onlyFile(t, db)
}

func TestDatabaseReplacedAgainAndAgainLosesNoSignupThatWasAcknowledged(t *testing.T) {
	t.Parallel()
	const rounds = 4
	folder := t.TempDir()
	db, copied := filepath.Join(folder, "auth.db"), filepath.Join(folder, "copy.db")
	p := startProgram(t, append(cheap, "--db="+db, "--signups-per-hour=1000000")...)
	if _, stderr, code := runAdmin(t, db, "backup", copied); code != exitOK {
		t.Fatal(stderr)
	}
	var round atomic.Int64
	var mu sync.Mutex
	acknowledged := map[string]int64{} // name: the round in which it was asked for
	over := make(chan struct{})
	var people sync.WaitGroup
	for person := range 4 {
		b := p.browser().stay()
		people.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-over:
					return
				default:
				}
				name, asked := fmt.Sprintf("p%d-%d", person, i), round.Load()
				form := url.Values{"username": {name}, "password": {goodPassword}}
				request, err := http.NewRequest(http.MethodPost, p.url("/signup"), strings.NewReader(form.Encode()))
				if err != nil {
					t.Error(err)
					return
				}
				request.Header = b.header.Clone()
				request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				response, err := b.client.Do(request)
				if err != nil {
					t.Error(err)
					return
				}
				response.Body.Close()
				switch response.StatusCode {
				case http.StatusSeeOther:
					mu.Lock()
					acknowledged[name] = asked
					mu.Unlock()
				case http.StatusServiceUnavailable:
				default:
					t.Errorf("status %d", response.StatusCode)
					return
				}
			}
		})
	}
	count := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(acknowledged)
	}
	for i := range rounds {
		p.healthy()
		least := count() + 20
		p.waitFor("signups", func() bool { return count() >= least })
		// Without the log in every second round, so that the server has to see to it.
		files := `"$db"`
		if i%2 == 0 {
			files = `"$db"*`
		}
		away := filepath.Join(folder, fmt.Sprint("round", i))
		if err := os.Mkdir(away, 0o700); err != nil {
			t.Fatal(err)
		}
		shell(t, `mv `+files+` "$away"; cp "$copy" "$db"`, db, copied, away)
		round.Add(1)
	}
	p.healthy()
	least := count() + 20
	p.waitFor("signups", func() bool { return count() >= least })
	close(over)
	people.Wait()
	p.stop()
	var files []map[string]bool
	for i := range rounds {
		path := filepath.Join(folder, fmt.Sprint("round", i), "auth.db")
		wantChecked(t, path)
		files = append(files, accounts(t, path))
	}
	wantChecked(t, db)
	files = append(files, accounts(t, db))
	for name, asked := range acknowledged {
		found := false
		for _, file := range files[asked:] {
			found = found || file[name]
		}
		if !found {
			t.Errorf("%s was asked for in round %d and acknowledged, and is in no file from then on", name, asked)
		}
	}
}

func TestEventsThatAreFollowedEndWhenTheDatabaseIsReplaced(t *testing.T) {
	t.Parallel()
	db, moved := filepath.Join(t.TempDir(), "auth.db"), filepath.Join(t.TempDir(), "moved.db")
	p := startProgram(t, append(cheap, "--db="+db)...)
	p.browser().post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK)
	c := adminCommand(t, db, "events", "--follow")
	seen := &logBuffer{}
	c.Stdout = seen
	follower := launch(t, c)
	follower.waitFor("an event", func() bool { return strings.Contains(seen.String(), "account created") })
	shell(t, `mv "$db" "$copy"`, db, moved, "")
	if state := follower.end(); state.ExitCode() != exitFailed {
		t.Errorf("ended with %v, want exit code 1", state)
	}
	if said := follower.log.String(); said != "latchkey: read events: the database file "+db+" was moved, removed or replaced\n" {
		t.Errorf("standard error is %q", said)
	}
	p.kill()
}
