package store

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/internal/throttle"
)

// Races between two programs on one database. What is promised here holds on SQLite because one writes at a time, and on
// PostgreSQL because of the locks in engine.go: without them each of these fails.

// two opens one database twice.
func two(t *testing.T) (here, there *Store) {
	address := newAddress(t)
	return open(t, address), open(t, address)
}

// rounds is how often each race is run.
const rounds = 50

// atOnce runs both at once and waits for them. Who is a little ahead changes with the round.
func atOnce(round int, one, other func()) {
	var running sync.WaitGroup
	start := make(chan struct{})
	ahead := time.Duration(round%11-5) * 100 * time.Microsecond
	for do, wait := range map[*func()]time.Duration{&one: ahead, &other: -ahead} {
		running.Go(func() {
			<-start
			time.Sleep(wait)
			(*do)()
		})
	}
	close(start)
	running.Wait()
}

func TestLimitsHoldForGuessesAtOnceInTwoPrograms(t *testing.T) {
	t.Parallel()
	here, there := two(t)
	counters := []Counter{
		{Key: throttle.UnknownBrowsers("bob"), Rule: throttle.Backoff{Free: 5, FirstWait: time.Minute, MaxWait: time.Hour, CloseAt: 100}},
		{Key: throttle.PerAddress("login", "192.0.2.0"), Rule: throttle.Budget{Number: 100, Period: time.Hour}},
	}
	var looked atomic.Int64
	var guessing sync.WaitGroup
	for i := range 64 {
		guessing.Go(func() {
			_, wait, err := []*Store{here, there}[i%2].Take(t.Context(), counters, noon)
			if err != nil {
				t.Error(err)
			}
			if wait == 0 {
				looked.Add(1)
			}
		})
	}
	guessing.Wait()
	if looked.Load() != 5 {
		t.Errorf("%d of 64 guesses at once are looked at, want 5", looked.Load())
	}
	if counted := value(t, here, "SELECT min(failures) || ' ' || max(failures) FROM throttle"); counted != "5 5" {
		t.Errorf("the counters are at %s, want 5 each: a guess that is refused counts nothing", counted)
	}
}

func TestSignInNeverOutlivesThePasswordItBeganWith(t *testing.T) {
	t.Parallel()
	here, there := two(t)
	for round := range rounds {
		name := fmt.Sprint("user", round)
		uid := createUser(t, here, name)
		changing := signIn(t, here, uid, noon)
		atOnce(round, func() {
			err := here.CreateSignIn(t.Context(), login(uid, name), at(noon))
			if err != nil && !errors.Is(err, ErrPasswordChanged) {
				t.Error(err)
			}
		}, func() {
			change := PasswordChange{UID: uid, OldHash: "hash of " + name, NewHash: "another", Browser: unknown}
			if _, err := there.ChangePassword(t.Context(), change, owner(changing, noon)); err != nil {
				t.Error(err)
			}
		})
		if left := value(t, here, "SELECT count(*) FROM sign_ins WHERE uid = $1", uid); left != "1" {
			t.Fatalf("round %d: %s sign-ins are left, want the one in which the password was changed", round, left)
		}
	}
}

func TestSignInNeverOutlivesTheDisablingOfItsAccount(t *testing.T) {
	t.Parallel()
	here, there := two(t)
	for round := range rounds {
		name := fmt.Sprint("user", round)
		uid := createUser(t, here, name)
		atOnce(round, func() {
			err := here.CreateSignIn(t.Context(), login(uid, name), at(noon))
			if err != nil && !errors.Is(err, ErrPasswordChanged) {
				t.Error(err)
			}
		}, func() {
			if err := there.SetDisabled(t.Context(), uid, true, at(noon)); err != nil {
				t.Error(err)
			}
		})
		if left := value(t, here, "SELECT count(*) FROM sign_ins WHERE uid = $1", uid); left != "0" {
			t.Fatalf("round %d: a disabled account has %s sign-ins", round, left)
		}
	}
}

func TestLoginsOfOneBrowserAtOnceAllGoWell(t *testing.T) {
	t.Parallel()
	here, there := two(t)
	bob, eve := createUser(t, here, "bob"), createUser(t, here, "eve")
	var loggingIn sync.WaitGroup
	for i := range 16 {
		loggingIn.Go(func() {
			for range 20 {
				next := login(bob, "bob")
				if i%4 == 3 { // two accounts in the browser
					next = login(eve, "eve")
				}
				next.Browser.NewHash = []byte(next.ID)
				if err := []*Store{here, there}[i%2].CreateSignIn(t.Context(), next, at(noon)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	loggingIn.Wait()
	if told := value(t, here, "SELECT count(*) FROM events WHERE kind = 'login succeeded'"); told != strconv.Itoa(min(240, keptPerKind)+min(80, keptPerKind)) {
		t.Errorf("%s logins are among the events", told)
	}
}

func TestSignupsThatLookAlikeAtOnceInTwoProgramsMakeOneAccount(t *testing.T) {
	t.Parallel()
	here, there := two(t)
	for round := range rounds {
		var made atomic.Int64
		create := func(s *Store, name string) func() {
			return func() {
				_, err := s.CreateUser(t.Context(), User{Username: name, PassHash: "hash"}, unknown, at(noon))
				switch {
				case err == nil:
					made.Add(1)
				case !errors.Is(err, ErrUsernameTaken):
					t.Error(err)
				}
			}
		}
		latin, cyrillic := fmt.Sprint("apple", round), fmt.Sprint("аррӏе", round)
		if round%2 == 0 {
			cyrillic = latin
		}
		atOnce(round, create(here, latin), create(there, cyrillic))
		if made.Load() != 1 {
			t.Fatalf("round %d: %d accounts called %q and %q", round, made.Load(), latin, cyrillic)
		}
	}
}

// A change that was under way when its sign-in ended does not count (ASVS 5.0 7.4.1).
func TestChangeOfAnAccountNeverComesAfterTheEndOfItsSignIn(t *testing.T) {
	t.Parallel()
	here, there := two(t)
	for round := range rounds {
		uid := createUser(t, here, fmt.Sprint("user", round))
		acting := signIn(t, here, uid, noon)
		var done error
		atOnce(round, func() {
			done = here.SetRecoveryCode(t.Context(), uid, []byte("code"), owner(acting, noon))
			if done != nil && !errors.Is(done, ErrNotSignedIn) {
				t.Error(done)
			}
		}, func() {
			if err := there.LogOut(t.Context(), []string{acting.ID}, at(noon)); err != nil {
				t.Error(err)
			}
		})
		order := value(t, here, `SELECT coalesce((SELECT max(id) FROM events WHERE uid = $1 AND kind = 'recovery code made'), 0)
			< (SELECT max(id) FROM events WHERE uid = $1 AND kind = 'logout')`, uid)
		if order != "1" && order != "true" {
			t.Fatalf("round %d: the recovery code was made after the logout", round)
		}
	}
}

// What names a sign-in or an account goes well or finds that it has ended, and never fails because it ends meanwhile.
func TestSignInThatEndsMeanwhileIsNoFailureOfWhatNamesIt(t *testing.T) {
	t.Parallel()
	here, there := two(t)
	app := App{Host: "photos.example.org", Name: "Photos", Everyone: true}
	if err := here.AddApp(t.Context(), app, noon); err != nil {
		t.Fatal(err)
	}
	for round := range rounds {
		name := fmt.Sprint("user", round)
		uid := createUser(t, here, name)
		ending := signIn(t, here, uid, noon)
		end := func() {
			if err := there.LogOut(t.Context(), []string{ending.ID}, at(noon)); err != nil {
				t.Error(err)
			}
		}
		switch round % 3 {
		case 0:
			atOnce(round, func() {
				saved := &SessionRow{TokenHash: name, Data: []byte("data"), Expires: time.Now().Add(time.Hour), SignIn: ending.ID}
				if err := here.SaveSession(t.Context(), SessionChange{Saved: saved}); err != nil {
					t.Error(err)
				}
			}, end)
		case 1:
			atOnce(round, func() {
				code := AppCode{CodeHash: []byte(name), SignIn: ending.ID, Host: app.Host, NonceHash: []byte("nonce"), Target: "/", Expires: noon}
				if err := here.CreateAppCode(t.Context(), uid, code); err != nil && !errors.Is(err, ErrNotSignedIn) {
					t.Error(err)
				}
			}, end)
		case 2:
			atOnce(round, func() {
				if err := here.AddToGroup(t.Context(), name, []int64{uid}); err != nil && !errors.Is(err, ErrNoUser) {
					t.Error(err)
				}
				here.RecordFailure(Failure{Kind: LoginFailed, UID: uid}, at(noon))
				if err := here.WriteCollected(t.Context()); err != nil {
					t.Error(err)
				}
			}, func() {
				if err := there.DeleteUser(t.Context(), uid, Origin{At: noon, By: Admin}); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// A session is never brought back under a token that was replaced (ASVS 5.0 7.2.4).
func TestSessionTokenThatWasReplacedStaysWorthless(t *testing.T) {
	t.Parallel()
	here, there := two(t)
	uid := createUser(t, here, "bob")
	row := func(token string, loaded bool) *SessionRow {
		return &SessionRow{TokenHash: token, Loaded: loaded, Data: []byte("data"), Expires: time.Now().Add(time.Hour)}
	}
	save := func(change SessionChange) {
		if err := here.SaveSession(t.Context(), change); err != nil {
			t.Error(err)
		}
	}
	for round := range rounds {
		old, next := fmt.Sprint("old", round), fmt.Sprint("new", round)
		save(SessionChange{Saved: row(old, false)})
		save(SessionChange{Saved: row(old, true)})
		atOnce(round, func() { save(SessionChange{Saved: row(old, true)}) }, func() {
			renewed := login(uid, "bob")
			renewed.Session = SessionChange{Deleted: []string{old}, Saved: row(next, false)}
			if err := there.CreateSignIn(t.Context(), renewed, at(noon)); err != nil {
				t.Error(err)
			}
		})
		save(SessionChange{Saved: row(old, true)})
		if left := value(t, here, "SELECT count(*) FROM sessions"); left != strconv.Itoa(round+1) {
			t.Fatalf("round %d: %s sessions are left, want the new one of each round", round, left)
		}
	}
}

// The next owner of a name that an app knows would own the old one's data there.
func TestNameThatAnAppLearnsMeanwhileIsRetired(t *testing.T) {
	t.Parallel()
	here, there := two(t)
	for round := range rounds {
		name, app := fmt.Sprint("user", round), App{Host: fmt.Sprintf("app%d.example.org", round), Name: "App", Everyone: true}
		if err := here.AddApp(t.Context(), app, noon); err != nil {
			t.Fatal(err)
		}
		uid := createUser(t, here, name)
		entering := signIn(t, here, uid, noon)
		remove := func() {
			if err := there.DeleteUser(t.Context(), uid, Origin{At: noon, By: Admin}); err != nil {
				t.Error(err)
			}
		}
		var entered error
		enter := func() {
			entered = here.CreateAppCode(t.Context(), uid, AppCode{
				CodeHash: []byte(name), SignIn: entering.ID, Host: app.Host, NonceHash: []byte("nonce"), Target: "/", Expires: noon,
			})
			if entered != nil && !errors.Is(entered, ErrNotSignedIn) {
				t.Error(entered)
			}
		}
		if round%2 == 0 {
			atOnce(round, enter, remove)
		} else { // the app goes first, and the account later
			atOnce(round, enter, func() {
				if err := there.RemoveApp(t.Context(), app.Host); err != nil {
					t.Error(err)
				}
			})
			remove()
		}
		if retired, err := here.RetiredName(t.Context(), name); entered == nil && retired != name || err != nil {
			t.Fatalf("round %d: an app knows %s, and the name is free again (%q, %v)", round, name, retired, err)
		}
	}
}

func TestAppsOfOneHostWithTwoPortsAreNotAddedAtOnce(t *testing.T) {
	t.Parallel()
	here, there := two(t)
	for round := range rounds {
		var added atomic.Int64
		add := func(s *Store, port string) func() {
			return func() {
				err := s.AddApp(t.Context(), App{Host: fmt.Sprintf("app%d.example.org%s", round, port), Name: "App"}, noon)
				switch {
				case err == nil:
					added.Add(1)
				case !errors.As(err, new(SharedCookiesError)):
					t.Error(err)
				}
			}
		}
		atOnce(round, add(here, ":8443"), add(there, ""))
		if added.Load() != 1 {
			t.Fatalf("round %d: %d apps share their cookies", round, added.Load())
		}
	}
}

func TestAppChangedTwiceAtOnceHasBothChanges(t *testing.T) {
	t.Parallel()
	here, there := two(t)
	app := App{Host: "photos.example.org", Name: "Photos"}
	if err := here.AddApp(t.Context(), app, noon); err != nil {
		t.Fatal(err)
	}
	for round := range rounds {
		change := func(s *Store, change func(*App)) func() {
			return func() {
				if _, err := s.ChangeApp(t.Context(), app.Host, func(a *App) error { change(a); return nil }); err != nil {
					t.Error(err)
				}
			}
		}
		name, second := fmt.Sprint("Photos ", round), round%2 == 0
		atOnce(round, change(here, func(a *App) { a.Name = name }), change(there, func(a *App) { a.SecondFactor = second }))
		if got, err := here.App(t.Context(), app.Host); err != nil || got.Name != name || got.SecondFactor != second {
			t.Fatalf("round %d: %+v, %v; want %q and %t", round, got, err, name, second)
		}
	}
}

func TestSecondFactorShownOnceSignsInOnce(t *testing.T) {
	t.Parallel()
	here, there := two(t)
	for round := range rounds {
		name := fmt.Sprint("user", round)
		uid := createUser(t, here, name)
		if _, err := here.DB().ExecContext(t.Context(),
			"INSERT INTO totp (uid, sealed, key_id, created_at, last_step) VALUES ($1, $2, $2, 0, 0)", uid, []byte("sealed")); err != nil {
			t.Fatal(err)
		}
		var in atomic.Int64
		enter := func(s *Store) func() {
			return func() {
				next := login(uid, name)
				next.Factors, next.Proof = ByPasswordAndCode, Proof{Code: &CodeUse{Step: 7, Sealed: []byte("sealed")}}
				err := s.CreateSignIn(t.Context(), next, at(noon))
				switch {
				case err == nil:
					in.Add(1)
				case !errors.Is(err, ErrProofSpent):
					t.Error(err)
				}
			}
		}
		atOnce(round, enter(here), enter(there))
		if in.Load() != 1 {
			t.Fatalf("round %d: one code signed in %d times", round, in.Load())
		}
	}
}
