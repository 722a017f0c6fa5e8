package store

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// appCode is one for a browser's nonce, "nonce".
func appCode(signIn SignIn, host, code string) AppCode {
	return AppCode{
		CodeHash: []byte(host + code), SignIn: signIn.ID, Host: host, NonceHash: []byte("nonce"), Target: "/album?x=1",
		Expires: noon.Add(time.Minute),
	}
}

func makeCode(t testing.TB, s *Store, uid int64, signIn SignIn, host, code string) AppCode {
	t.Helper()
	made := appCode(signIn, host, code)
	if err := s.CreateAppCode(t.Context(), uid, made); err != nil {
		t.Fatal(err)
	}
	return made
}

// enter signs the account in on an app's host, with the token "token".
func enter(t testing.TB, s *Store, uid int64, signIn SignIn, host string) {
	t.Helper()
	code := makeCode(t, s, uid, signIn, host, "first")
	if _, err := s.SpendAppCode(t.Context(), code, token(host), noon); err != nil {
		t.Fatal(err)
	}
}

// token is unique in the table, as random ones are.
func token(host string) []byte {
	if host == "photos.example.org" {
		return []byte("token")
	}
	return []byte("token of " + host)
}

func wantNoAppSignIn(t testing.TB, s *Store, host string) {
	t.Helper()
	if found, err := s.AppSignInByToken(t.Context(), host, token(host)); !errors.Is(err, ErrNotSignedIn) {
		t.Errorf("%+v, %v; want ErrNotSignedIn", found, err)
	}
}

func TestAppSignInSaysWhoIsThere(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	bob := createUser(t, s, "bob")
	for _, group := range []string{"staff", "family"} {
		addToGroup(t, s, group, bob)
	}
	addApp(t, s, "photos.example.org", "family")
	addApp(t, s, "wiki.example.net", "everyone")
	here := signIn(t, s, bob, noon)
	code := makeCode(t, s, bob, here, "photos.example.org", "first")
	if target, err := s.SpendAppCode(t.Context(), code, token("photos.example.org"), noon); target != "/album?x=1" || err != nil {
		t.Fatalf("%q, %v", target, err)
	}
	want := AppSignIn{MayEnter: true, Groups: []string{"family", "staff"}}
	want.ID, want.UID, want.Username, want.Name, want.CreatedAt, want.LastSeenAt = here.ID, bob, "bob", "bob", noon, noon
	for range 2 {
		if found, err := s.AppSignInByToken(t.Context(), "photos.example.org", token("photos.example.org")); err != nil || !reflect.DeepEqual(found, want) {
			t.Errorf("%+v, %v; want %+v", found, err, want)
		}
	}
	// The cookie is good there alone, and no other one is: also while it is in memory, which a change would empty.
	for _, other := range [][2]string{{"wiki.example.net", "token"}, {"photos.example.org", "other"}, {"photos.example.org", ""}, {"", "token"}, {"photos.example.org t", "oken"}} {
		if found, err := s.AppSignInByToken(t.Context(), other[0], []byte(other[1])); !errors.Is(err, ErrNotSignedIn) {
			t.Errorf("%q: %+v, %v", other, found, err)
		}
	}
	if entered, err := s.AppsEntered(t.Context(), bob); err != nil || fmt.Sprint(entered) != "map["+here.ID+":[Name of photos.example.org]]" {
		t.Errorf("%v, %v", entered, err)
	}
}

func TestAppCodeIsMadeOnlyForASignInThatMayEnter(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	bob, eve := createUser(t, s, "bob"), createUser(t, s, "eve")
	addToGroup(t, s, "family", bob)
	addApp(t, s, "photos.example.org", "family")
	his, hers, ended := signIn(t, s, bob, noon), signIn(t, s, eve, noon), signIn(t, s, bob, noon)
	if err := s.LogOut(t.Context(), []string{ended.ID}, at(noon)); err != nil {
		t.Fatal(err)
	}
	for what, refused := range map[string]struct {
		uid    int64
		signIn SignIn
		host   string
	}{
		"who is in no group":        {eve, hers, "photos.example.org"},
		"another's sign-in":         {bob, hers, "photos.example.org"},
		"by another":                {eve, his, "photos.example.org"},
		"a sign-in that has ended":  {bob, ended, "photos.example.org"},
		"no sign-in":                {bob, SignIn{}, "photos.example.org"},
		"a host that is no app":     {bob, his, "wiki.example.net"},
		"a host that looks like it": {bob, his, "Photos.example.org"},
	} {
		if err := s.CreateAppCode(t.Context(), refused.uid, appCode(refused.signIn, refused.host, "first")); !errors.Is(err, ErrNotSignedIn) {
			t.Errorf("%s: %v, want ErrNotSignedIn", what, err)
		}
	}
	if got := value(t, s, "SELECT (SELECT count(*) FROM app_codes) + (SELECT count(*) FROM app_people)"); got != "0" {
		t.Errorf("%s rows of what was refused", got)
	}
	makeCode(t, s, bob, his, "photos.example.org", "first")
	if may, continued, err := s.MayEnter(t.Context(), bob, "photos.example.org"); !may || !continued || err != nil {
		t.Errorf("may enter: %t, known: %t, %v", may, continued, err)
	}
}

func TestAppCodeIsSpentOnceWhereItWasMadeForAndInTime(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	bob := createUser(t, s, "bob")
	addApp(t, s, "photos.example.org", "everyone")
	addApp(t, s, "wiki.example.net", "everyone")
	code := makeCode(t, s, bob, signIn(t, s, bob, noon), "photos.example.org", "first")
	for what, change := range map[string]func(*AppCode, *time.Time){
		"another host":    func(code *AppCode, _ *time.Time) { code.Host = "wiki.example.net" },
		"another browser": func(code *AppCode, _ *time.Time) { code.NonceHash = []byte("other") },
		"no nonce":        func(code *AppCode, _ *time.Time) { code.NonceHash = nil },
		"another code":    func(code *AppCode, _ *time.Time) { code.CodeHash = []byte("other") },
		"no code":         func(code *AppCode, _ *time.Time) { code.CodeHash = nil },
		"a minute later":  func(_ *AppCode, now *time.Time) { *now = noon.Add(time.Minute) },
		"a year later":    func(_ *AppCode, now *time.Time) { *now = noon.AddDate(1, 0, 0) },
	} {
		tried, now := code, noon
		change(&tried, &now)
		if target, err := s.SpendAppCode(t.Context(), tried, []byte("token"), now); !errors.Is(err, ErrNoAppCode) || target != "" {
			t.Errorf("%s: %q, %v; want ErrNoAppCode", what, target, err)
		}
	}
	wantNoAppSignIn(t, s, "photos.example.org")
	if target, err := s.SpendAppCode(t.Context(), code, []byte("token"), noon.Add(time.Minute-time.Second)); err != nil || target != code.Target {
		t.Fatalf("%q, %v: what failed has spent the code", target, err)
	}
	if _, err := s.SpendAppCode(t.Context(), code, []byte("token 2"), noon); !errors.Is(err, ErrNoAppCode) {
		t.Errorf("the second time: %v, want ErrNoAppCode", err)
	}
	if got := value(t, s, "SELECT count(*) || ' ' || (SELECT count(*) FROM app_codes) FROM app_sign_ins"); got != "1 0" {
		t.Errorf("%s sign-ins and codes", got)
	}
}

func TestAppCodeSpentTwiceAtOnceIsSpentOnce(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	bob := createUser(t, s, "bob")
	addApp(t, s, "photos.example.org", "everyone")
	here := signIn(t, s, bob, noon)
	for round := range 30 {
		code := makeCode(t, s, bob, here, "photos.example.org", fmt.Sprint(round))
		var won, lost atomic.Int64
		var spending sync.WaitGroup
		start := make(chan struct{})
		for i := range 2 {
			spending.Go(func() {
				<-start
				_, err := s.SpendAppCode(t.Context(), code, []byte(fmt.Sprint(round, i)), noon)
				switch {
				case err == nil:
					won.Add(1)
				case errors.Is(err, ErrNoAppCode):
					lost.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		close(start)
		spending.Wait()
		if won.Load() != 1 || lost.Load() != 1 {
			t.Fatalf("%d won and %d lost", won.Load(), lost.Load())
		}
	}
	if got := value(t, s, "SELECT count(*) FROM app_sign_ins"); got != "30" {
		t.Errorf("%s sign-ins in the app, want 30", got)
	}
}

func TestAppSignInEndsWithWhatEndsTheSignIn(t *testing.T) {
	t.Parallel()
	for what, end := range map[string]func(*Store, int64, SignIn) error{
		"logging out": func(s *Store, _ int64, here SignIn) error { return s.LogOut(t.Context(), []string{here.ID}, at(noon)) },
		"from another browser": func(s *Store, uid int64, here SignIn) error {
			_, _, err := s.EndSignIn(t.Context(), uid, here.ID, owner(signIn(t, s, uid, noon), noon))
			return err
		},
		"ending all others": func(s *Store, uid int64, _ SignIn) error {
			_, err := s.EndOtherSignIns(t.Context(), uid, owner(signIn(t, s, uid, noon), noon))
			return err
		},
		"the administrator": func(s *Store, uid int64, _ SignIn) error {
			_, err := s.EndAllSignIns(t.Context(), uid, Origin{At: noon, By: Admin})
			return err
		},
		"disabling": func(s *Store, uid int64, _ SignIn) error {
			return s.SetDisabled(t.Context(), uid, true, Origin{At: noon, By: Admin})
		},
		"deleting": func(s *Store, uid int64, _ SignIn) error {
			return s.DeleteUser(t.Context(), uid, Origin{At: noon, By: Admin})
		},
		"logging in in its place": func(s *Store, uid int64, here SignIn) error {
			return s.CreateSignIn(t.Context(), login(uid, "bob", here.ID), at(noon))
		},
		"leaving the app": func(s *Store, _ int64, _ SignIn) error {
			return s.EndAppSignIn(t.Context(), "photos.example.org", []byte("token"))
		},
	} {
		s := newStore(t)
		bob := createUser(t, s, "bob")
		addApp(t, s, "photos.example.org", "everyone")
		here := signIn(t, s, bob, noon)
		enter(t, s, bob, here, "photos.example.org")
		if _, err := s.AppSignInByToken(t.Context(), "photos.example.org", []byte("token")); err != nil {
			t.Fatal(err)
		}
		code := makeCode(t, s, bob, here, "photos.example.org", "pending")
		if err := end(s, bob, here); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		wantNoAppSignIn(t, s, "photos.example.org")
		if got := value(t, s, "SELECT count(*) FROM app_sign_ins"); got != "0" {
			t.Errorf("%s leaves %s rows", what, got)
		}
		if _, err := s.SpendAppCode(t.Context(), code, []byte("later"), noon); what != "leaving the app" && !errors.Is(err, ErrNoAppCode) {
			t.Errorf("%s: the code is spent: %v", what, err)
		}
	}
}

// Each app has a sign-in of its own: leaving one is not leaving the others.
func TestAppSignInEndsAloneAndMayEndTwice(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	bob := createUser(t, s, "bob")
	here := signIn(t, s, bob, noon)
	for _, host := range []string{"photos.example.org", "wiki.example.net"} {
		addApp(t, s, host, "everyone")
		enter(t, s, bob, here, host)
	}
	for _, host := range []string{"photos.example.org", "photos.example.org", "nowhere.example.org"} {
		if err := s.EndAppSignIn(t.Context(), host, token("photos.example.org")); err != nil {
			t.Fatal(err)
		}
	}
	wantNoAppSignIn(t, s, "photos.example.org")
	if _, err := s.AppSignInByToken(t.Context(), "wiki.example.net", token("wiki.example.net")); err != nil {
		t.Error(err)
	}
}
