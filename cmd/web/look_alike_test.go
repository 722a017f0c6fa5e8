package main

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"latchkey/components"
)

func TestSignupGivesNobodyANameThatLooksLikeAnothers(t *testing.T) {
	t.Parallel()
	s := newSite(t, "--signups-per-hour=1000")
	typing := s.browser().htmx()
	for _, test := range []struct {
		taken string
		alike []string
	}{
		{"bill", []string{"bi\u0307ll", "BİLL", "bıll", "bi\u0307\u0307ll"}},
		{"ibrahim", []string{"İbrahim", "ibrahi\u0307m", "ıbrahım"}},
		{"apple", []string{"аррӏе"}},          // all Cyrillic
		{"ѕсоре", []string{"scope", "Scope"}}, // the Cyrillic one came first
		{"josé", []string{"josé\u0301", "josé\u0301\u0301"}},
		{"ロミ", []string{"口ミ"}},                 // Katakana and Han
		{"می\u200cخواهم", []string{"میخواهم"}}, // with and without a joiner
	} {
		s.signUp(test.taken)
		for _, typed := range test.alike {
			p := s.browser().post("/signup", "username", typed, "password", goodPassword).wantStatus(http.StatusUnprocessableEntity)
			if got := readableText(p.element("username-message")); !strings.HasSuffix(got, " is not available.") {
				t.Errorf("%+q beside %+q: %q", typed, test.taken, got)
			}
			typing.post("/signup/username", "username", typed).want("is not available.")
		}
	}
	if count := s.query("SELECT count(*) FROM users"); count != "7" {
		t.Errorf("%s accounts, want 7", count)
	}
	// The name is free when the account that looks like it is gone.
	s.exec("DELETE FROM users WHERE username = 'bill'")
	s.signUp("bi\u0307ll")
	s.browser().post("/signup", "username", "bill", "password", goodPassword).wantStatus(http.StatusUnprocessableEntity)
}

func TestSignupTellsNamesOfPlainLettersApart(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, name := range []string{"bob1", "bobl", "comer", "corner", "user0", "usero", "a.b", "a_b", "jose", "josé"} {
		s.signUp(name)
	}
	s.browser().post("/signup", "username", "воbl", "password", goodPassword).wantStatus(http.StatusUnprocessableEntity)
}

func TestSignupTakesNamesThatPeopleWriteInTwoScriptsOrWithJoiners(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, name := range []string{"田中taro", "タロウtaro", "김kim", "李ㄌㄧli", "می\u200cخواهم", "क\u094d\u200dष", "ശ\u0d4d\u200dര", "zoë_"} {
		s.signUp(name)
		s.browser().logIn(name).wantPath(components.HomePath(name))
	}
}

func TestSignupsThatLookAlikeSentTwentyTimesAtOnceMakeOneAccount(t *testing.T) {
	t.Parallel()
	for range 5 {
		s := newSite(t)
		var group sync.WaitGroup
		var mu sync.Mutex
		statuses := map[int]int{}
		for n := range 20 {
			name := ""
			for bit := range 5 { // each its own choice of i with and without a second dot
				name += "i"
				if n>>bit&1 == 1 {
					name += "\u0307"
				}
			}
			b := s.browser().stay()
			group.Go(func() {
				p := b.post("/signup", "username", name, "password", goodPassword)
				mu.Lock()
				defer mu.Unlock()
				statuses[p.status]++
			})
		}
		group.Wait()
		if statuses[http.StatusSeeOther] != 1 || statuses[http.StatusUnprocessableEntity] != 19 {
			t.Errorf("answers %v, want one 303 and 19 times 422", statuses)
		}
		if count := s.query("SELECT count(*) FROM users"); count != "1" {
			t.Errorf("%s accounts", count)
		}
	}
}

func TestLoginIsOpenToAccountsThatLookAlikeSinceBefore(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bill")
	s.signUp("carol")
	s.exec("UPDATE users SET username = 'bi\u0307ll' WHERE username = 'carol'")
	// As the file of the version before: no skeletons, and nothing that says what they were computed with.
	s.exec("UPDATE users SET skeleton = ''")
	s.exec("DELETE FROM skeleton_version")
	s.restart()
	s.browser().logIn("bill").wantPath("/user/bill")
	s.browser().logIn("bi\u0307ll").wantPath(components.HomePath("bi\u0307ll"))
	s.browser().post("/signup", "username", "bıll", "password", goodPassword).wantStatus(http.StatusUnprocessableEntity)
}

func TestSignupComparesNamesByTheDataOfThisProgram(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "apple")
	version := s.query("SELECT version FROM skeleton_version")
	s.exec("UPDATE users SET skeleton = 'another'")
	s.restart() // the same version: what is stored is not computed again
	if got := s.query("SELECT skeleton FROM users"); got != "another" {
		t.Errorf("skeleton %q", got)
	}
	s.exec("UPDATE skeleton_version SET version = 'older'")
	s.restart()
	s.browser().post("/signup", "username", "аррӏе", "password", goodPassword).wantStatus(http.StatusUnprocessableEntity)
	if got := s.query("SELECT string_agg(version, ',') FROM skeleton_version"); got != version {
		t.Errorf("version %q, want %q", got, version)
	}
}
