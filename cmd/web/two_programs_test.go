//go:build unix

package main

import (
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// twoPrograms starts two over one PostgreSQL that holds nothing yet, at the same moment.
func twoPrograms(t *testing.T) (here, there *program, database string) {
	t.Helper()
	server, err := postgres()
	if err != nil {
		newPostgres(t) // says so
	}
	name, err := server.NewDatabase("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Drop(name) })
	parsed, err := url.Parse(server.Address(name))
	if err != nil {
		t.Fatal(err)
	}
	settings := parsed.Query()
	settings.Set("password", "ThePassword")
	parsed.RawQuery = settings.Encode()
	database = parsed.String()
	both := []*program{{}, {}}
	for i := range both {
		both[i] = launch(t, command(t, append(cheap, "--addr=localhost:0", "--db="+database)...))
	}
	var starting sync.WaitGroup
	for _, p := range both {
		starting.Go(func() {
			p.waitFor("its address", func() bool { return p.address != "" || p.findAddress() })
		})
	}
	starting.Wait()
	return both[0], both[1], database
}

// alsoAt is the same browser at another program of the site, as a proxy would take it there.
func (b *browser) alsoAt(p *program) *browser {
	other := p.browser().stay()
	for _, name := range []string{"session", "device"} {
		other.setCookie(name, b.cookie(name))
	}
	return other
}

func TestSignOutIsSeenByTheOtherProgramAtTheNextRequest(t *testing.T) {
	t.Parallel()
	here, there, _ := twoPrograms(t)
	b := here.browser()
	b.post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK)
	for range 10 {
		b.post("/login", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK)
		other := b.alsoAt(there)
		for range 3 { // often enough to be in a cache
			other.get("/user/bob").wantStatus(http.StatusOK)
		}
		b.post("/logout/bob").wantStatus(http.StatusOK)
		other.get("/user/bob").wantStatus(http.StatusUnauthorized)
		// Also for a copy of the cookie that was never seen there.
		there.browser().get("/user/bob").wantStatus(http.StatusUnauthorized)
	}
}

func TestLimitsAreCountedOverBothPrograms(t *testing.T) {
	t.Parallel()
	here, there, _ := twoPrograms(t)
	here.browser().post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK)
	for i := range 6 {
		want := http.StatusUnauthorized
		if i == 5 {
			want = http.StatusTooManyRequests
		}
		[]*program{here, there}[i%2].browser().
			post("/login", "username", "bob", "password", "wrong password "+goodPassword).wantStatus(want)
	}
}

func TestAddressOfTheDatabaseIsNeverShownWithItsPassword(t *testing.T) {
	t.Parallel()
	here, there, database := twoPrograms(t)
	shown := []string{here.log.String(), there.log.String()}
	for _, arguments := range [][]string{{"user", "list"}, {"events"}, {"backup", "copy.db"}, {"check"}, {"user", "disable", "nobody"}} {
		out, problems, _ := runToEnd(t, command(t, append(arguments, "--db="+database)...))
		shown = append(shown, out, problems)
	}
	wrong := strings.Replace(database, "/test", "/none", 1)
	for _, arguments := range [][]string{{"serve"}, {"user", "list"}, {"user", "disable", "bob"}, {"check", "--db=postgres://bob:ThePassword@host:port/x"}} {
		_, problems, code := runToEnd(t, command(t, append([]string{"--db=" + wrong}, arguments...)...))
		if code != exitFailed || strings.Count(problems, "\n") != 1 || !strings.Contains(problems, "postgres://") {
			t.Errorf("%v: exit code %d, %q", arguments, code, problems)
		}
		shown = append(shown, problems)
	}
	if text := strings.Join(shown, "\n"); strings.Contains(text, "ThePassword") {
		t.Errorf("the password is shown:\n%s", text)
	}
}

func TestBackupOfPostgresSaysWhatToUse(t *testing.T) {
	t.Parallel()
	database := newPostgres(t)
	for _, to := range []string{"copy.db", "-"} {
		_, problems, code := runToEnd(t, command(t, "backup", to, "--db="+database))
		if code != exitFailed || problems != "latchkey: back up: the database is PostgreSQL; back it up with pg_dump, or continuously with pgBackRest\n" {
			t.Errorf("backup %s: exit code %d, %q", to, code, problems)
		}
	}
}

func TestStartWarnsOfADatabaseThatMayLoseWhatWasAcknowledged(t *testing.T) {
	t.Parallel()
	p := startProgram(t, append(cheap, "--db="+newPostgres(t)+"&synchronous_commit=off")...)
	for _, setting := range []string{"fsync is off", "synchronous_commit is off", "synchronous_standby_names is empty"} {
		p.waitFor("a warning of "+setting, func() bool { return strings.Contains(p.log.String(), setting) })
	}
}

func TestMoveToPostgresLetsNobodyLogInAgain(t *testing.T) {
	t.Parallel()
	file, database := filepath.Join(t.TempDir(), "auth.db"), newPostgres(t)
	before := startProgram(t, append(cheap, "--db="+file)...)
	b := before.browser()
	b.post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK)
	b.post("/login", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK)
	counted, said, code := runToEnd(t, command(t, "move", database, "--db="+file))
	if code != exitOK || !strings.Contains(counted, "users                1\n") || !strings.Contains(said, "stop what serves the file") {
		t.Fatalf("exit code %d, %q, %q", code, counted, said)
	}
	before.stop()
	after := startProgram(t, append(cheap, "--db="+database)...)
	b.alsoAt(after).get("/user/bob").wantStatus(http.StatusOK)

	for _, test := range []struct {
		arguments []string
		code      int
		want      string
	}{
		{[]string{"move", database, "--db=" + file}, exitFailed, "is not empty"},
		{[]string{"move", database, "--db=" + database}, exitFailed, "--db names the file to move"},
		{[]string{"move", "other.db", "--db=" + file}, exitUsage, "postgres://"},
		{[]string{"move", database, "--db=none.db"}, exitFailed, "there is no such file"},
	} {
		_, said, code := runToEnd(t, command(t, test.arguments...))
		if code != test.code || !strings.Contains(said, test.want) || strings.Count(said, "\n") != 1 {
			t.Errorf("%v: exit code %d, %q", test.arguments, code, said)
		}
	}
}
