//go:build unix

package main

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/rogpeppe/go-internal/testscript"
)

// The scripts run the program as its admin does at a terminal, beside a server that people visit. Each says what the
// admin gets. LATCHKEY_DB and LATCHKEY_URL are set, so that no command needs --db or --url.
func TestCommandScripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	runScripts(t, files)
}

// TestOnPostgresCommandScripts runs those that are not about the file.
func TestOnPostgresCommandScripts(t *testing.T) {
	t.Parallel()
	var files []string
	for _, name := range []string{
		"a_disabled_account_is_signed_out_and_answers_like_a_wrong_password",
		"an_address_that_tried_too_often_is_unlocked", "apps_let_in_whom_the_administrator_names",
		"check_names_accounts_that_look_alike", "commands_about_apps_and_groups_refuse_what_is_none", "events_can_be_followed_as_they_come",
		"lists_are_tables_for_people_and_json_for_programs",
		"the_administrator_signs_out_unlocks_and_deletes", "the_name_of_a_deleted_account_that_apps_know_stays_reserved",
	} {
		files = append(files, "testdata/script/"+name+".txtar")
	}
	runScripts(t, files)
}

func runScripts(t *testing.T, files []string) {
	binary := built(t)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			k := &admin{t: t, binary: binary, people: map[string]*browser{}}
			testscript.Run(t, testscript.Params{
				Files: []string{file},
				Setup: k.setUp,
				Cmds: map[string]func(*testscript.TestScript, bool, []string){
					"serve": k.serve, "visit": k.visit, "link": k.link, "exits": k.exits, "await": k.await, "sql": k.sql,
				},
			})
		})
	}
}

// An administrator is whoever runs a script.
type admin struct {
	t      *testing.T
	binary string
	site   *program
	people map[string]*browser
}

func (k *admin) setUp(env *testscript.Env) error {
	bin := filepath.Join(env.WorkDir, ".bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		return err
	}
	env.Setenv("PATH", bin+string(filepath.ListSeparator)+env.Getenv("PATH"))
	env.Setenv("LATCHKEY_DB", filepath.Join(env.WorkDir, "auth.db"))
	if onPostgres(k.t) {
		env.Setenv("LATCHKEY_DB", newPostgres(k.t))
	}
	env.Setenv("PASSWORD", goodPassword)
	env.Setenv("NEW_PASSWORD", newPassword)
	env.Setenv("ESC", "\x1b")
	env.Setenv("CSI", "\u009b")                  // what ESC [ is in one character
	env.Setenv("ZERO_WIDTH", "\u200bBob1\ufeff") // bob1, as it comes from some pages
	return os.Symlink(k.binary, filepath.Join(bin, "latchkey"))
}

// serve [FLAG…] starts the site.
func (k *admin) serve(ts *testscript.TestScript, _ bool, flags []string) {
	k.site = startProgram(k.t, append(append(cheap, "--db="+ts.Getenv("LATCHKEY_DB")), flags...)...)
	ts.Setenv("LATCHKEY_URL", k.site.url(""))
}

// visit WHO STATUS PATH [NAME=VALUE…] has a person open a page, or send a form to it, in the person's own browser,
// and shows the main part of the answer on standard output.
func (k *admin) visit(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: visit WHO STATUS PATH [NAME=VALUE…]")
	}
	who, status, path, fields := args[0], args[1], args[2], []string{}
	if k.people[who] == nil {
		k.people[who] = k.site.browser().stay()
	}
	for _, field := range args[3:] {
		name, value, _ := strings.Cut(field, "=")
		fields = append(fields, name, value)
	}
	b := k.people[who].with("User-Agent", ts.Getenv("USER_AGENT"))
	var answer page
	if len(fields) == 0 {
		answer = b.get(path)
	} else {
		answer = b.post(path, fields...)
	}
	_, shown, _ := strings.Cut(answer.body, "<main")
	_, err := io.WriteString(ts.Stdout(), shown)
	ts.Check(err)
	if strconv.Itoa(answer.status) != status {
		ts.Fatalf("status %d, want %s", answer.status, status)
	}
}

// link NAME sets NAME to the path of the link that the last command printed, alone.
func (k *admin) link(ts *testscript.TestScript, _ bool, args []string) {
	path, ok := strings.CutPrefix(ts.ReadFile("stdout"), k.site.url(""))
	if !ok || len(args) != 1 || strings.Count(path, "\n") != 1 {
		ts.Fatalf("no link alone")
	}
	ts.Setenv(args[0], strings.TrimSuffix(path, "\n"))
}

// exits CODE PROGRAM [ARGUMENT…] runs a program that has to end with the exit code and, unless it is 0, to say why in
// one line that cannot steer a terminal.
func (k *admin) exits(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARGUMENT…]")
	}
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		failure := new(exec.ExitError)
		if !errors.As(err, &failure) {
			ts.Fatalf("%v", err)
		}
		code = failure.ExitCode()
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
	if code == exitOK {
		return
	}
	line, ended := strings.CutSuffix(ts.ReadFile("stderr"), "\n")
	if !ended || !strings.HasPrefix(line, "latchkey: ") || strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
		ts.Fatalf("standard error is %q, want one line of latchkey's", line)
	}
}

// await FILE PATTERN waits until a file that is being written holds something.
func (k *admin) await(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: await FILE PATTERN")
	}
	pattern, err := regexp.Compile(args[1])
	ts.Check(err)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		if pattern.Match(text) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("no %s in %q, %v", args[1], text, err)
		}
	}
}

// sql FILE STATEMENTS changes a database as another program would, and shows the first column of what they return.
func (k *admin) sql(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: sql FILE STATEMENTS")
	}
	var db *sql.DB
	statements := args[1]
	if onPostgres(k.t) {
		var err error
		db, err = sql.Open("pgx", ts.Getenv("LATCHKEY_DB"))
		ts.Check(err)
		statements = strings.NewReplacer("unixepoch()", "CAST(extract(epoch FROM now()) AS BIGINT)", "char(0x307)", "chr(775)").Replace(statements)
	} else {
		db = openDB(k.t, ts.MkAbs(args[0]))
	}
	defer db.Close()
	rows, err := db.Query(statements)
	ts.Check(err)
	defer rows.Close()
	for rows.Next() {
		var value string
		ts.Check(rows.Scan(&value))
		fmt.Fprintln(ts.Stdout(), value)
	}
	ts.Check(rows.Err())
}
