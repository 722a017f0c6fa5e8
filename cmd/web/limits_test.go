package main

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// attempts is how many passwords an attacker can try at one account, who uses as many addresses, and tries as soon as
// the limits allow. While the attacker waits, the program is restarted, or not.
func attempts(t *testing.T, addresses int, restarts bool) (firstDay, inAll int) {
	s := newSiteFor(t, "bob", "--trusted-proxy=127.0.0.1")
	start := s.clock.Now()
	for try := 0; ; try++ {
		p := s.from(fmt.Sprintf("10.0.%d.%d", try%addresses/256, try%addresses%256)).guess("bob")
		switch {
		case p.status == http.StatusUnauthorized:
			inAll++
			if s.clock.Now().Sub(start) < 24*time.Hour {
				firstDay++
			}
		case strings.Contains(p.body, "Locked after too many failed logins"):
			return firstDay, inAll
		default:
			wait, err := strconv.Atoi(p.wantStatus(http.StatusTooManyRequests).header.Get("Retry-After"))
			if err != nil {
				t.Fatal(err)
			}
			if restarts {
				s.restart()
			}
			s.clock.Advance(time.Duration(wait) * time.Second)
		}
	}
}

func TestSecurityMDSaysHowManyAttemptsAStolenDeviceCookieGives(t *testing.T) {
	t.Parallel()
	s, stolen := newSiteSignedIn(t, "bob")
	stolen.post("/logout")
	start := s.clock.Now()
	text, err := os.ReadFile("../../SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	sentence := fmt.Sprintf("A stolen device cookie gives %d more, once", stolen.closedFor("bob"))
	if !strings.Contains(strings.Join(strings.Fields(string(text)), " "), sentence) {
		t.Errorf("SECURITY.md does not say: %s", sentence)
	}
	if took := s.clock.Now().Sub(start); took > 24*time.Hour {
		t.Errorf("it took %v", took)
	}
}

func TestReadmeSaysHowManyAttemptsAnAttackerGets(t *testing.T) {
	t.Parallel()
	for _, addresses := range []int{1, 10_000} {
		for _, restarts := range []bool{false, true} {
			day, inAll := attempts(t, addresses, restarts)
			sentence := fmt.Sprintf("%d guesses at one account on the first day and %d in all, from one address or from 10,000, however often the program is restarted", day, inAll)
			for _, file := range []string{"../../README.md", "../../SECURITY.md"} {
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if !strings.Contains(strings.Join(strings.Fields(string(text)), " "), sentence) {
					t.Errorf("from %d addresses, restarts %v: %s; %s says otherwise", addresses, restarts, sentence, file)
				}
			}
		}
	}
}

// The same work: TestHasherTakesTheSameWorkForAWrongPasswordWhateverIsStored, and for those refused
// TestLoginThatIsRefusedWritesNothingWhetherTheNameHasAnAccountOrNot.
func TestLimitsTreatNamesThatDoNotExistExactlyAlike(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "known", "--trusted-proxy=127.0.0.1")
	other := s.signedIn("known") // has a known browser, a sign-in and a code
	other.post("/user/known/recovery")
	names := []string{"known", "nobody", "anyone"}
	for try := range 60 {
		answers := make([]string, len(names))
		for i := range names {
			name := names[(i+try)%len(names)] // by turns, so that noise hits all alike
			b := s.from(fmt.Sprintf("203.0.113.%d", try))
			p := b.guess(name)
			for _, header := range []string{"X-Request-Id", "Date", "Content-Length"} { // differ each time, or follow from the name
				p.header.Del(header)
			}
			var header strings.Builder
			p.header.Write(&header)
			answers[(i+try)%len(names)] = fmt.Sprint(p.status, header.String(), strings.ReplaceAll(p.body, name, "NAME"))
		}
		if answers[0] != answers[1] || answers[1] != answers[2] {
			t.Fatalf("try %d: answers differ:\n%s\n%s\n%s", try, answers[0], answers[1], answers[2])
		}
		if try%2 == 1 {
			s.clock.Advance(time.Hour)
		}
	}
}

func TestLimitsAreSettingsAndNonsenseIsRefused(t *testing.T) {
	t.Parallel()
	for _, flag := range []string{
		"--known-browser-failures=0", "--unknown-browser-failures=0", "--unknown-browser-failures=-1", "--unknown-browser-wait=0s",
		"--unknown-browser-max-wait=1s", "--close-after=4", "--failures-per-hour=0", "--signups-per-hour=0",
		"--close-after=many", "--unknown-browser-wait=soon",
	} {
		var stderr strings.Builder
		if code := run(t.Context(), []string{flag, "--db=" + t.TempDir() + "/never.db"}, &stderr, &stderr); code != exitUsage || strings.Count(stderr.String(), "\n") != 1 {
			t.Errorf("%s: exit code %d, %q", flag, code, stderr.String())
		}
	}
	s := newSite(t, "--unknown-browser-failures=2", "--unknown-browser-wait=10s", "--unknown-browser-max-wait=20s", "--close-after=4")
	s.browser().guess("bob").wantStatus(http.StatusUnauthorized)
	for _, wait := range []time.Duration{0, 10 * time.Second, 20 * time.Second} {
		s.clock.Advance(wait)
		s.browser().guess("bob").wantStatus(http.StatusUnauthorized)
	}
	s.browser().guess("bob").wantStatus(http.StatusTooManyRequests).want("Locked after too many failed logins")
}
