//go:build unix

package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"
)

// wantOneLine checks what the program says before it leaves with the given code: one line for the person at the
// terminal.
func wantOneLine(t *testing.T, stdout, stderr string, code, wantCode int, parts ...string) {
	t.Helper()
	if code != wantCode {
		t.Errorf("exit code %d, want %d", code, wantCode)
	}
	if strings.Count(stderr, "\n") != 1 || !strings.HasSuffix(stderr, "\n") || !strings.HasPrefix(stderr, "latchkey: ") {
		t.Errorf("standard error is %q, want one line of latchkey's", stderr)
	}
	for _, part := range parts {
		if !strings.Contains(stderr, part) {
			t.Errorf("no %q in %q", part, stderr)
		}
	}
	if stdout != "" {
		t.Errorf("standard output is %q, want nothing", stdout)
	}
}

// variable is the environment variable that sets what the flag sets.
func variable(flag string) string {
	return "LATCHKEY_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

func TestSettingThatIsInvalidIsOneLineAndExitCodeTwoBeforeAnythingIsOpened(t *testing.T) {
	for _, setting := range []struct {
		flag string
		bad  []string
		says string
	}{
		{"addr", []string{"", "localhost", "localhost:", "[::1", "localhost:8080:8080", "localhost:99999", "localhost:-1"}, "HOST:PORT"},
		{"db", []string{""}, "--db"},
		{"url", []string{
			"login.example.org", "ftp://example.org", "https://", "https://:8080", "https://example.org:99999", "https://[::1",
			"https://exa mple.org", "https://example.org/path", "https://example.org?q", "https://example.org#top",
			"https://bob@example.org", "javascript:alert(1)", "https://.",
		}, "--url"},
		{"tls-cert", []string{"missing.pem", "."}, "--tls-cert"},
		{"tls-key", []string{"missing.pem", "."}, "--tls-key"},
		{"trusted-proxy", []string{"proxy", "10.0.0.0/99", "10.0.0.0/8,x", "fe80::1%eth0/64"}, "--trusted-proxy"},
		{"busy-timeout", []string{"5", "-1s", "61s", "soon"}, "--busy-timeout"},
		{"sign-in-lifetime", []string{"12", "59s", "-1h", "1h"}, "--sign-in-"},
		{"sign-in-idle", []string{"2", "59s", "13h"}, "--sign-in-idle"},
		{"remembered-lifetime", []string{"30", "59s", "-1h", "1h"}, "--remembered-"},
		{"remembered-idle", []string{"14", "59s", "721h"}, "--remembered-idle"},
		{"password-min-length", []string{"7", "65", "-8", "eight", ""}, "--password-min-length"},
		{"hash-memory", []string{"7", "4194305", "-1", "99999999999", "19M"}, "--hash-memory"},
		{"hash-iterations", []string{"0", "101", "-1", "two"}, "--hash-iterations"},
		{"hash-threads", []string{"0", "256", "-1", "one"}, "--hash-threads"},
		{"metrics-addr", []string{"9090", "localhost:99999", "localhost"}, "--metrics-addr"},
		{"signups-per-hour", []string{"0", "-1", "many"}, "--signups-per-hour"},
		{"log-format", []string{"xml", "JSON", ""}, "--log-format"},
	} {
		for _, value := range setting.bad {
			t.Run(setting.flag+"="+value, func(t *testing.T) {
				t.Chdir(t.TempDir())
				wantRefused(t, setting.says, "--"+setting.flag+"="+value)
				t.Setenv(variable(setting.flag), value)
				wantRefused(t, setting.says)
			})
		}
	}
}

// wantRefused runs the program within this process: a process for each of so many settings takes too long.
func wantRefused(t *testing.T, says string, flags ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // for when it is not refused
	defer cancel()
	stdout, stderr := &logBuffer{}, &logBuffer{}
	code := run(ctx, flags, stdout, stderr)
	wantOneLine(t, stdout.String(), stderr.String(), code, 2, says)
	wantEmptyFolder(t, ".")
}

func TestSettingThatIsWrongIsToldExactlyWhy(t *testing.T) {
	t.Chdir(t.TempDir()) // where one that is taken would make its database
	ctx, stop := context.WithCancel(t.Context())
	stop() // and serve nobody
	for _, test := range []struct{ flag, bad, says string }{
		{"addr", "", `HOST:PORT, as in localhost:8080`},
		{"addr", "localhost", `"localhost" is not HOST:PORT, as in localhost:8080`},
		{"metrics-addr", "9090", `"9090" is not HOST:PORT, as in localhost:8080`},
		{"url", "ftp://example.org", `"ftp://example.org" is not http:// or https:// and a host, as in https://login.example.org`},
		{"trusted-proxy", "10.0.0.0/8,proxy", `"proxy" is not an address or a network, as in 10.0.0.0/8`},
		{"site-name", "", `"" is not a name of 1 to 40 characters`},
		{"accent", "green", `"green" is not a colour, as in #1f6f5c`},
		{"accent", "#ffcc00", `#ffcc00 has a contrast of 1.38:1 with the light page, below 4.5:1 (WCAG 1.4.3); choose a darker tone`},
		{"contact", "<help@example.org>", `"<help@example.org>" is not an e-mail address or a link, as in help@example.org or https://example.org/help`},
		{"contact", "help@example.org (Bob)", `"help@example.org (Bob)" is not an e-mail address or a link, as in help@example.org or https://example.org/help`},
		{"contact", "https://", `"https://" is not an e-mail address or a link, as in help@example.org or https://example.org/help`},
		{"contact", "https://bob:secret@example.org", `"https://bob:secret@example.org" is not an e-mail address or a link, as in help@example.org or https://example.org/help`},
		{"contact", "http://example.org", `"http://example.org" is not an e-mail address or a link, as in help@example.org or https://example.org/help`},
		{"contact", "mailto:nobody", `"mailto:nobody" is not an e-mail address or a link, as in help@example.org or https://example.org/help`},
		{"contact", "tel:+4930123", `"tel:+4930123" is not an e-mail address or a link, as in help@example.org or https://example.org/help`},
		{"logo", "nowhere.svg", `open nowhere.svg: no such file or directory`},
		{"contact", "ask me", `"ask me" is not an e-mail address or a link, as in help@example.org or https://example.org/help`},
		{"contact", "javascript:alert(1)", `"javascript:alert(1)" is not an e-mail address or a link, as in help@example.org or https://example.org/help`},
		{"sign-in-idle", "2", `"2" is not a duration, as in 90s or 12h`},
		{"sign-in-idle", "13h", `13h0m0s is not between 1m0s and 12h0m0s`},
		{"event-retention", "1m", `1m0s is too little; at least 1h0m0s`},
		{"hash-iterations", "two", `"two" is not a whole number`},
		{"hash-threads", "256", `256 is not between 1 and 255`},
		{"hash-memory", "99999999999", `99999999999 is not between 8 and 4194304`},
		{"signups-per-hour", "0", `0 is too little; at least 1`},
	} {
		stdout, stderr := &logBuffer{}, &logBuffer{}
		code := run(ctx, []string{"--" + test.flag + "=" + test.bad}, stdout, stderr)
		if want := "latchkey: --" + test.flag + ": " + test.says + "\n"; code != exitUsage || stderr.String() != want {
			t.Errorf("exit code %d and %q, want %q", code, stderr, want)
		}
	}
}

func TestSettingsWithoutAValueAreLikeNone(t *testing.T) {
	for _, flag := range []string{"url", "metrics-addr", "trusted-proxy"} {
		t.Setenv(variable(flag), "")
	}
	if s := parseSettings(t); s.URL != nil || s.MetricsAddr != (hostPort{}) || s.TrustedProxy != nil {
		t.Errorf("address %v, metrics at %v, proxies %v; want none", s.URL, s.MetricsAddr, s.TrustedProxy)
	}
}

func TestCommandLineThatIsInvalidIsOneLineAndExitCodeTwo(t *testing.T) {
	t.Parallel()
	for line, says := range map[string]string{
		"--unknown":                     "--unknown",
		"serve unknown":                 "unknown",
		"--db":                          "--db",
		"--tls-cert=/dev/null":          "--tls-cert and --tls-key go together",
		"serve --password-min-length=7": "--password-min-length",
		"--hash-memory=" + fmt.Sprint(math.MaxInt): "--hash-memory",
		"LATCHKEY_HASH_MEMORY=lots":                "--hash-memory",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			c := command(t, strings.Fields(line)...)
			if strings.HasPrefix(line, "LATCHKEY_") {
				c = command(t)
				c.Env = append(c.Env, line)
			}
			stdout, stderr, code := runToEnd(t, c)
			wantOneLine(t, stdout, stderr, code, 2, says)
			wantEmptyFolder(t, c.Dir)
		})
	}
}

func wantEmptyFolder(t *testing.T, folder string) {
	t.Helper()
	if files, err := os.ReadDir(folder); err != nil || len(files) != 0 {
		t.Errorf("the program left %v (%v), want nothing", files, err)
	}
}

func TestHelpNamesEverySettingAndItsVariable(t *testing.T) {
	t.Parallel()
	c := command(t, "--help")
	stdout, stderr, code := runToEnd(t, c)
	if code != 0 || stderr != "" {
		t.Errorf("exit code %d and standard error %q, want 0 and nothing", code, stderr)
	}
	settings := 0
	for _, flag := range newParser(&commands{}).Model.Flags {
		if flag.Name == "help" || flag.Name == "version" {
			continue
		}
		settings++
		for _, name := range []string{"--" + flag.Name + "=", "($" + variable(flag.Name) + ")"} {
			if !strings.Contains(stdout, name) {
				t.Errorf("no %s in the help", name)
			}
		}
		if flag.Help == "" {
			t.Errorf("the help does not say what --%s is for", flag.Name)
		}
	}
	if settings < 19 {
		t.Errorf("%d settings, there were 19", settings)
	}
	wantEmptyFolder(t, c.Dir)
}

func TestSettingCanBeAVariableAndItsFlagWins(t *testing.T) {
	t.Parallel()
	c := command(t, append(cheap, "--addr=localhost:0", "--log-format=text")...)
	c.Env = append(c.Env, "LATCHKEY_URL=https://login.example.org", "LATCHKEY_DB=people.db", "LATCHKEY_LOG_FORMAT=json")
	p := launch(t, c)
	p.waitFor("its address", p.findAddress)
	start, _, _ := strings.Cut(p.log.String(), "\n")
	for _, part := range []string{`msg="Latchkey is at https://login.example.org"`, "db=people.db"} {
		if !strings.Contains(start, part) {
			t.Errorf("no %s in %s", part, start)
		}
	}
	p.stop()
}

func TestVersionPrintsTheVersion(t *testing.T) {
	t.Parallel()
	c := command(t, "--version")
	stdout, stderr, code := runToEnd(t, c)
	if code != 0 || stdout != version+"\n" || stderr != "" {
		t.Errorf("exit code %d, %q and %q; want 0, the version and nothing", code, stdout, stderr)
	}
	wantEmptyFolder(t, c.Dir)
}
