package store

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

// addApp adds an app that these groups, or everyone, may enter.
func addApp(t testing.TB, s *Store, host string, groups ...string) {
	t.Helper()
	app := App{Host: host, Name: "Name of " + host, Groups: groups}
	if slices.Equal(groups, []string{"everyone"}) {
		app.Everyone, app.Groups = true, nil
	}
	if err := s.AddApp(t.Context(), app, noon); err != nil {
		t.Fatal(err)
	}
}

func addToGroup(t testing.TB, s *Store, group string, uids ...int64) {
	t.Helper()
	if err := s.AddToGroup(t.Context(), group, uids); err != nil {
		t.Fatal(err)
	}
}

// mayEnter is what MayEnter says of an app that there is.
func (s *Store) mayEnter(t testing.TB, uid int64, host string) bool {
	t.Helper()
	may, _, err := s.MayEnter(t.Context(), uid, host)
	if err != nil {
		t.Fatal(err)
	}
	return may
}

func TestAppLetsNobodyInUntilTold(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	bob, eve := createUser(t, s, "bob"), createUser(t, s, "eve")
	addToGroup(t, s, "family", bob)
	addToGroup(t, s, "staff", eve)
	addApp(t, s, "photos.example.org")
	if s.mayEnter(t, bob, "photos.example.org") || s.mayEnter(t, eve, "photos.example.org") {
		t.Error("a new app lets somebody in")
	}
	for _, step := range []struct {
		app      App
		bob, eve bool
	}{
		{App{Groups: []string{"family"}}, true, false},
		{App{Groups: []string{"staff"}}, false, true},
		{App{Groups: []string{"family", "staff"}}, true, true},
		{App{Everyone: true}, true, true},
		{App{}, false, false},
	} {
		step.app.Host, step.app.Name = "photos.example.org", "Photos"
		if err := s.setApp(t, step.app); err != nil {
			t.Fatal(err)
		}
		if got, err := s.App(t.Context(), "photos.example.org"); err != nil || fmt.Sprint(got) != fmt.Sprint(step.app) {
			t.Errorf("%+v, %v; want %+v", got, err, step.app)
		}
		for uid, want := range map[int64]bool{bob: step.bob, eve: step.eve} {
			if got := s.mayEnter(t, uid, "photos.example.org"); got != want {
				t.Errorf("%+v: uid %d may enter: %t", step.app, uid, got)
			}
			if apps, err := s.AppsOf(t.Context(), uid); err != nil || (len(apps) == 1) != want {
				t.Errorf("%+v: apps of uid %d: %v, %v", step.app, uid, apps, err)
			}
		}
	}
}

func TestAppIsThereOnceAndUnchangedByWhatFails(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	addToGroup(t, s, "family")
	addApp(t, s, "photos.example.org", "family")
	for what, fails := range map[string]struct{ err, want error }{
		"the same again": {s.AddApp(t.Context(), App{Host: "photos.example.org", Name: "x", Everyone: true}, noon), ErrAppExists},
		"of no group":    {s.AddApp(t.Context(), App{Host: "wiki.example.net", Name: "x", Groups: []string{"family", "none"}}, noon), ErrNoGroup},
		"set to none":    {s.setApp(t, App{Host: "photos.example.org", Name: "x", Groups: []string{"none"}}), ErrNoGroup},
		"set, not there": {s.setApp(t, App{Host: "wiki.example.net", Name: "x"}), ErrNoApp},
		"removed":        {s.RemoveApp(t.Context(), "wiki.example.net"), ErrNoApp},
	} {
		if !errors.Is(fails.err, fails.want) {
			t.Errorf("%s: %v, want %v", what, fails.err, fails.want)
		}
	}
	if _, err := s.App(t.Context(), "wiki.example.net"); !errors.Is(err, ErrNoApp) {
		t.Errorf("%v, want ErrNoApp", err)
	}
	if _, _, err := s.MayEnter(t.Context(), 1, "wiki.example.net"); !errors.Is(err, ErrNoApp) {
		t.Errorf("%v, want ErrNoApp", err)
	}
	apps, err := s.Apps(t.Context())
	if want := "[{photos.example.org Name of photos.example.org false [family] false}]"; err != nil || fmt.Sprint(apps) != want {
		t.Errorf("%v, %v; want %s", apps, err, want)
	}
}

func TestAppThatIsRemovedLeavesNothingOfItself(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	bob := createUser(t, s, "bob")
	addToGroup(t, s, "family", bob)
	addApp(t, s, "photos.example.org", "family")
	addApp(t, s, "wiki.example.net", "everyone")
	here := signIn(t, s, bob, noon)
	for _, host := range []string{"photos.example.org", "wiki.example.net"} {
		enter(t, s, bob, here, host)
		makeCode(t, s, bob, here, host, "second")
	}
	if err := s.RemoveApp(t.Context(), "photos.example.org"); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"apps", "app_codes", "app_sign_ins", "app_people"} {
		if got := value(t, s, "SELECT string_agg(host, ',') FROM "+table); got != "wiki.example.net" {
			t.Errorf("%s has %s", table, got)
		}
	}
	if got := value(t, s, "SELECT count(*) FROM app_groups"); got != "0" {
		t.Errorf("%s groups of an app that is gone", got)
	}
	// Added again, it is a new app: it lets in nobody, and knows nobody.
	addApp(t, s, "photos.example.org")
	if may, continued, err := s.MayEnter(t.Context(), bob, "photos.example.org"); may || continued || err != nil {
		t.Errorf("may enter: %t, known: %t, %v", may, continued, err)
	}
	wantNoAppSignIn(t, s, "photos.example.org")
}

func TestGroupHasItsMembersAndClosesWhatItOpened(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	bob, eve := createUser(t, s, "bob"), createUser(t, s, "eve")
	want := func(want string) {
		t.Helper()
		if groups, err := s.Groups(t.Context()); err != nil || fmt.Sprint(groups) != want {
			t.Errorf("%v, %v; want %s", groups, err, want)
		}
	}
	addToGroup(t, s, "staff")
	addToGroup(t, s, "family", eve, bob, bob)
	addToGroup(t, s, "family", bob)
	want("[{family [bob eve] false} {staff [] false}]")
	for what, fails := range map[string]struct{ err, want error }{
		"an account that is gone":        {s.AddToGroup(t.Context(), "staff", []int64{bob, 4711}), ErrNoUser},
		"a new group of one that is":     {s.AddToGroup(t.Context(), "new", []int64{4711}), ErrNoUser},
		"a group that is none":           {s.RemoveFromGroup(t.Context(), "none", nil), ErrNoGroup},
		"an account in one that is none": {s.RemoveFromGroup(t.Context(), "none", []int64{bob}), ErrNoGroup},
	} {
		if !errors.Is(fails.err, fails.want) {
			t.Errorf("%s: %v, want %v", what, fails.err, fails.want)
		}
	}
	want("[{family [bob eve] false} {staff [] false}]")

	addApp(t, s, "photos.example.org", "family", "staff")
	addApp(t, s, "wiki.example.net", "family")
	if err := s.RemoveFromGroup(t.Context(), "family", []int64{eve, 4711}); err != nil {
		t.Fatal(err)
	}
	if s.mayEnter(t, eve, "photos.example.org") || !s.mayEnter(t, bob, "photos.example.org") {
		t.Error("the wrong one may enter")
	}
	if err := s.RemoveFromGroup(t.Context(), "family", nil); err != nil {
		t.Fatal(err)
	}
	apps, err := s.Apps(t.Context())
	if len(apps) != 2 || err != nil || fmt.Sprint(apps[0].Groups, apps[1].Groups) != "[staff] []" {
		t.Errorf("%v, %v", apps, err)
	}
	// Made again, the group opens nothing.
	addToGroup(t, s, "family", bob)
	if s.mayEnter(t, bob, "photos.example.org") || s.mayEnter(t, bob, "wiki.example.net") {
		t.Error("a group of the same name opens what the old one did")
	}
	if err := s.DeleteUser(t.Context(), bob, Origin{At: noon, By: Admin}); err != nil {
		t.Fatal(err)
	}
	want("[{family [] false} {staff [] false}]")
}

// A command of another process counts at the server's next request, whatever the server has in memory.
func TestAppIsClosedAtTheNextRequestAfterAnotherProcessSaysSo(t *testing.T) {
	t.Parallel()
	path := newAddress(t)
	server, command := open(t, path), open(t, path)
	bob := createUser(t, server, "bob")
	for _, by := range []*Store{server, command} {
		for what, change := range map[string]func() error{
			"the member is removed": func() error { return by.RemoveFromGroup(t.Context(), "family", []int64{bob}) },
			"the group is removed":  func() error { return by.RemoveFromGroup(t.Context(), "family", nil) },
			"the app is for nobody": func() error { return by.setApp(t, App{Host: "photos.example.org", Name: "Photos"}) },
		} {
			addToGroup(t, server, "family", bob)
			addApp(t, server, "photos.example.org", "family")
			enter(t, server, bob, signIn(t, server, bob, noon), "photos.example.org")
			for range 2 { // from the database, then from memory
				if found, err := server.AppSignInByToken(t.Context(), "photos.example.org", []byte("token")); !found.MayEnter || err != nil {
					t.Fatalf("%+v, %v", found, err)
				}
			}
			if err := change(); err != nil {
				t.Fatal(err)
			}
			if found, err := server.AppSignInByToken(t.Context(), "photos.example.org", []byte("token")); found.MayEnter || err != nil {
				t.Errorf("%s: %+v, %v", what, found, err)
			}
			if err := by.RemoveApp(t.Context(), "photos.example.org"); err != nil {
				t.Fatal(err)
			}
			wantNoAppSignIn(t, server, "photos.example.org")
		}
	}
}

// setApp changes all of an app.
func (s *Store) setApp(t testing.TB, app App) error {
	t.Helper()
	_, err := s.ChangeApp(t.Context(), app.Host, func(now *App) error { *now = app; return nil })
	return err
}

func TestAppChangedByTwoAtOnceHasBothChanges(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "auth.db")
	stores := []*Store{open(t, path), open(t, path)}
	addToGroup(t, stores[0], "family")
	addApp(t, stores[0], "photos.example.org")
	for round := range 30 {
		name := fmt.Sprint("Photos ", round)
		groups := []string{"family"}[:round%2]
		changes := []func(*App) error{
			func(app *App) error { app.Name = name; return nil },
			func(app *App) error { app.Groups = groups; return nil },
		}
		var both sync.WaitGroup
		for i, change := range changes {
			both.Go(func() {
				if _, err := stores[i].ChangeApp(t.Context(), "photos.example.org", change); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		if got, err := stores[0].App(t.Context(), "photos.example.org"); err != nil || got.Name != name || len(got.Groups) != len(groups) {
			t.Errorf("round %d: %+v, %v", round, got, err)
		}
	}
}

func TestAppOnAnotherPortOfAHostIsRefused(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	addApp(t, s, "photos.example.org")
	addApp(t, s, "wiki.example.net:8443")
	for host, other := range map[string]string{
		"photos.example.org:8443": "photos.example.org", "wiki.example.net": "wiki.example.net:8443", "wiki.example.net:9443": "wiki.example.net:8443",
	} {
		var shared SharedCookiesError
		if err := s.AddApp(t.Context(), App{Host: host, Name: "x"}, noon); !errors.As(err, &shared) || shared.Host != other {
			t.Errorf("%s: %v, want that it shares the cookies of %s", host, err, other)
		}
	}
	for _, host := range []string{"photos.example.org.example", "example.org", "xphotos.example.org", "iki.example.net:8443"} {
		addApp(t, s, host)
	}
}
