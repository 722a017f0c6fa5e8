package store

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// noon is when the tests of this file happen, in whole seconds as the file has them.
var noon = time.Unix(1_700_000_000, 0)

// at is an origin at that time.
func at(now time.Time) Origin {
	return Origin{At: now, By: Owner, Address: "192.0.2.7", UserAgent: "Firefox"}
}

// unknown is a browser that nothing is known of yet.
var unknown = DeviceRotation{OldHash: []byte("old"), NewHash: []byte("new")}

// login is one to an account that createUser made.
func login(uid int64, username string, replaced ...string) NewSignIn {
	return NewSignIn{
		ID: rand.Text(), User: User{UID: uid, Username: username, PassHash: "hash of " + username}, Replaced: replaced,
		Browser: unknown,
	}
}

func signIn(t testing.TB, s *Store, uid int64, now time.Time, replaced ...string) SignIn {
	t.Helper()
	return begin(t, s, login(uid, value(t, s, "SELECT username FROM users WHERE uid = $1", uid), replaced...), at(now))
}

// begin creates the sign-in and finds it.
func begin(t testing.TB, s *Store, login NewSignIn, origin Origin) SignIn {
	t.Helper()
	if err := s.CreateSignIn(t.Context(), login, origin); err != nil {
		t.Fatal(err)
	}
	found, err := s.SignInsByID(t.Context(), []string{login.ID})
	if err != nil || len(found) != 1 {
		t.Fatalf("found %v, %v", found, err)
	}
	return found[0]
}

// ids are those of the named sign-ins that exist.
func ids(t *testing.T, s *Store, asked ...string) []string {
	t.Helper()
	found, err := s.SignInsByID(t.Context(), asked)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, f := range found {
		ids = append(ids, f.ID)
	}
	return ids
}

func TestSignInsAreFoundAsTheyWereMadeTheNewestLast(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	bob, eve := createUser(t, s, "bob"), createUser(t, s, "eve")
	want := SignIn{UID: eve, Username: "eve", Name: "eve", Factors: ByPassword, Remembered: true, Address: "2001:db8::1", UserAgent: "Chromium", LacksRecoveryCode: true}
	remembered := login(eve, "eve")
	remembered.Remembered = true
	later := begin(t, s, remembered, Origin{At: noon.Add(time.Second), By: Owner, Address: "2001:db8::1", UserAgent: "Chromium"})
	first, second := signIn(t, s, bob, noon), signIn(t, s, bob, noon)
	other := signIn(t, s, bob, noon)
	got := ids(t, s, later.ID, second.ID, "unknown", first.ID, first.ID, "", "' OR 1=1 --")
	if !slices.Equal(got, []string{first.ID, second.ID, later.ID}) {
		t.Errorf("found %q, want %q, not %q", got, []string{first.ID, second.ID, later.ID}, other.ID)
	}
	found, err := s.SignInsByID(t.Context(), []string{later.ID})
	want.ID, want.CreatedAt = later.ID, noon.Add(time.Second)
	want.LastSeenAt, want.ConfirmedAt = want.CreatedAt, want.CreatedAt
	if err != nil || len(found) != 1 || found[0] != want {
		t.Errorf("found %+v, %v; want %+v", found, err, want)
	}
	if found, err := s.SignInsByID(t.Context(), nil); err != nil || len(found) != 0 {
		t.Errorf("no ids find %+v, %v", found, err)
	}
}

func TestSignInTakesThePlaceOfTheOnesItReplaces(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	bob := createUser(t, s, "bob")
	old, older, elsewhere := signIn(t, s, bob, noon), signIn(t, s, bob, noon), signIn(t, s, bob, noon)
	fresh := signIn(t, s, bob, noon, old.ID, older.ID)
	if got := ids(t, s, old.ID, older.ID, elsewhere.ID, fresh.ID); !slices.Equal(got, []string{elsewhere.ID, fresh.ID}) {
		t.Errorf("now there are %q, want %q", got, []string{elsewhere.ID, fresh.ID})
	}
}

func TestSignInThatFailsLeavesTheOnesItWouldReplace(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	bob, eve := createUser(t, s, "bob"), createUser(t, s, "eve")
	old := signIn(t, s, bob, noon)
	if _, err := s.DB().ExecContext(t.Context(), "DELETE FROM users WHERE uid = $1", eve); err != nil {
		t.Fatal(err)
	}
	if err := s.CreateSignIn(t.Context(), login(eve, "eve", old.ID), at(noon)); !errors.Is(err, ErrPasswordChanged) {
		t.Errorf("a deleted account signs in: %v; want ErrPasswordChanged", err)
	}
	stale := login(bob, "bob", old.ID)
	stale.User.PassHash = "the one before"
	if err := s.CreateSignIn(t.Context(), stale, at(noon)); !errors.Is(err, ErrPasswordChanged) {
		t.Errorf("a password that was changed meanwhile signs in: %v; want ErrPasswordChanged", err)
	}
	refuse := "CREATE TRIGGER refuse BEFORE INSERT ON sign_ins BEGIN SELECT RAISE(ABORT, 'refused'); END"
	if postgres != nil {
		refuse = "ALTER TABLE sign_ins ADD CONSTRAINT refuse CHECK (FALSE) NOT VALID"
	}
	if _, err := s.DB().ExecContext(t.Context(), refuse); err != nil {
		t.Fatal(err)
	}
	if err := s.CreateSignIn(t.Context(), login(bob, "bob", old.ID), at(noon)); err == nil {
		t.Error("the sign-in should have failed")
	}
	if got := ids(t, s, old.ID); len(got) != 1 {
		t.Error("the old sign-in is gone")
	}
}

func TestSignInsEndWithTheirUser(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	bob, eve := createUser(t, s, "bob"), createUser(t, s, "eve")
	his, hers := signIn(t, s, bob, noon), signIn(t, s, eve, noon)
	if _, err := s.DB().ExecContext(t.Context(), "DELETE FROM users WHERE uid = $1", bob); err != nil {
		t.Fatal(err)
	}
	if got := ids(t, s, his.ID, hers.ID); !slices.Equal(got, []string{hers.ID}) {
		t.Errorf("now there are %q, want %q", got, hers.ID)
	}
	if got := value(t, s, "SELECT count(*) FROM sign_ins"); got != "1" {
		t.Errorf("%s rows, want 1", got)
	}
}

func TestUserAgentOfAnyBytesIsKeptAsValidTextThatIsNotTooLong(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	bob := createUser(t, s, "bob")
	for given, want := range map[string]string{
		"":                                     "",
		"Firefox":                              "Firefox",
		strings.Repeat("x", maxUserAgent):      strings.Repeat("x", maxUserAgent),
		strings.Repeat("x", 9000):              strings.Repeat("x", maxUserAgent),
		"x" + strings.Repeat("é", 150):         "x" + strings.Repeat("é", 149), // cut within the last é
		"\xff\xfeFire\x80fox":                  "Firefox",
		strings.Repeat("\xff", 9000):           "",
		"Robert'); DROP TABLE sign_ins; -- \t": "Robert'); DROP TABLE sign_ins; -- \t",
	} {
		created := begin(t, s, login(bob, "bob"), Origin{At: noon, By: Owner, UserAgent: given})
		stored := value(t, s, "SELECT user_agent FROM sign_ins WHERE id = $1", created.ID)
		if stored != want || created.UserAgent != want || !utf8.ValidString(stored) {
			t.Errorf("%.30q… is kept as %q, want %q", given, stored, want)
		}
	}
}

func TestSignInLastUseNeverMovesBack(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	bob := createUser(t, s, "bob")
	used, other := signIn(t, s, bob, noon), signIn(t, s, bob, noon)
	for _, step := range []struct{ touch, want time.Duration }{
		{10 * time.Minute, 10 * time.Minute}, {5 * time.Minute, 10 * time.Minute}, {-time.Hour, 10 * time.Minute},
		{11 * time.Minute, 11 * time.Minute},
	} {
		s.TouchSignIn(used.ID, noon.Add(step.touch))
		if err := s.WriteCollected(t.Context()); err != nil {
			t.Fatal(err)
		}
		found, err := s.SignInsByID(t.Context(), []string{used.ID})
		if err != nil || len(found) != 1 {
			t.Fatalf("found %+v, %v", found, err)
		}
		if !found[0].LastSeenAt.Equal(noon.Add(step.want)) || !found[0].CreatedAt.Equal(noon) {
			t.Errorf("after a use at %v the last use is %v after noon, want %v", step.touch, found[0].LastSeenAt.Sub(noon), step.want)
		}
	}
	if found, err := s.SignInsByID(t.Context(), []string{other.ID}); err != nil || !found[0].LastSeenAt.Equal(noon) {
		t.Errorf("another sign-in was touched too: %+v, %v", found, err)
	}
	s.TouchSignIn("gone", noon)
	if err := s.WriteCollected(t.Context()); err != nil {
		t.Errorf("a sign-in that has ended meanwhile: %v", err)
	}
}

func TestSignInEndsAloneAndMayEndTwice(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	bob := createUser(t, s, "bob")
	here, there := signIn(t, s, bob, noon), signIn(t, s, bob, noon)
	for range 2 {
		if err := s.LogOut(t.Context(), []string{here.ID, "unknown"}, at(noon)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.LogOut(t.Context(), nil, at(noon)); err != nil {
		t.Fatal(err)
	}
	if got := ids(t, s, here.ID, there.ID); !slices.Equal(got, []string{there.ID}) {
		t.Errorf("now there are %q, want %q", got, there.ID)
	}
}

func BenchmarkSignInsByID(b *testing.B) {
	s := newStore(b)
	var two []string
	for i := range 1000 {
		created := signIn(b, s, createUser(b, s, fmt.Sprint("user", i)), noon)
		if i == 10 || i == 500 {
			two = append(two, created.ID)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if found, err := s.SignInsByID(b.Context(), two); err != nil || len(found) != 2 {
			b.Fatal(found, err)
		}
	}
}
