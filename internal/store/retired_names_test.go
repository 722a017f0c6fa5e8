package store

import (
	"errors"
	"testing"
)

// retire makes an account that an app knows, and deletes it.
func retire(t testing.TB, s *Store, name string) {
	t.Helper()
	uid := createUser(t, s, name)
	makeCode(t, s, uid, signIn(t, s, uid, noon), "photos.example.org", name)
	if err := s.DeleteUser(t.Context(), uid, Origin{At: noon, By: Admin}); err != nil {
		t.Fatal(err)
	}
}

func wantTaken(t testing.TB, s *Store, name string, want bool, retired string) {
	t.Helper()
	if taken, err := s.UsernameTaken(t.Context(), name); taken != want || err != nil {
		t.Errorf("%s is taken: %t, %v", name, taken, err)
	}
	if got, err := s.RetiredName(t.Context(), name); got != retired || err != nil {
		t.Errorf("%s is kept by %q, %v; want %q", name, got, err, retired)
	}
	if !want {
		return
	}
	if _, err := s.CreateUser(t.Context(), User{Username: name, PassHash: "hash"}, unknown, at(noon)); !errors.Is(err, ErrUsernameTaken) {
		t.Errorf("signup as %s: %v, want ErrUsernameTaken", name, err)
	}
	if _, err := s.CreateUserWithLink(t.Context(), User{Username: name}, PasswordLink{TokenHash: []byte(name), Expires: noon}, at(noon)); !errors.Is(err, ErrUsernameTaken) {
		t.Errorf("user add %s: %v, want ErrUsernameTaken", name, err)
	}
}

func TestRetiredNameIsGivenToNobodyBeforeItIsReleased(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	addApp(t, s, "photos.example.org", "everyone")
	retire(t, s, "apple")
	if err := s.DeleteUser(t.Context(), createUser(t, s, "pear"), at(noon)); !errors.Is(err, ErrNotSignedIn) {
		t.Fatal(err)
	}
	wantTaken(t, s, "apple", true, "apple")
	wantTaken(t, s, "аррӏе", true, "apple") // Cyrillic
	wantTaken(t, s, "plum", false, "")
	for _, name := range []string{"pear", "аррӏе", "Apple", ""} {
		if err := s.ReleaseName(t.Context(), name); !errors.Is(err, ErrNotRetired) {
			t.Errorf("%q: %v, want ErrNotRetired", name, err)
		}
	}
	wantTaken(t, s, "apple", true, "apple")
	if err := s.ReleaseName(t.Context(), "apple"); err != nil {
		t.Fatal(err)
	}
	wantTaken(t, s, "apple", false, "")
	if err := s.ReleaseName(t.Context(), "apple"); !errors.Is(err, ErrNotRetired) {
		t.Errorf("%v, want ErrNotRetired", err)
	}
	// It may be retired again.
	retire(t, s, "apple")
	wantTaken(t, s, "apple", true, "apple")
}

func TestRetiredNameOfPlainLettersKeepsNoOtherOfPlainLetters(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	addApp(t, s, "photos.example.org", "everyone")
	retire(t, s, "rn1")
	wantTaken(t, s, "rnl", false, "")
	wantTaken(t, s, "rп1", false, "")
	retire(t, s, "rnl")
	// Of two that look the same, the name itself comes first.
	for _, name := range []string{"rn1", "rnl"} {
		wantTaken(t, s, name, true, name)
	}
}

func TestRetiredNameIsNoneWhereNoAppHasKnownTheAccount(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	addApp(t, s, "photos.example.org", "everyone")
	uid := createUser(t, s, "apple")
	signIn(t, s, uid, noon)
	if err := s.DeleteUser(t.Context(), uid, Origin{At: noon, By: Admin}); err != nil {
		t.Fatal(err)
	}
	wantTaken(t, s, "apple", false, "")
}

// The names that look alike are those of this program's data, also when another version retired the name.
func TestRetiredNameLooksAlikeByTheDataOfThisProgram(t *testing.T) {
	t.Parallel()
	path := newAddress(t)
	s := open(t, path)
	addApp(t, s, "photos.example.org", "everyone")
	retire(t, s, "apple")
	for _, statement := range []string{"UPDATE retired_names SET skeleton = 'another'", "UPDATE skeleton_version SET version = 'older'"} {
		if _, err := s.DB().ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	wantTaken(t, s, "аррӏе", false, "")
	wantTaken(t, open(t, path), "аррӏе", true, "apple")

	// An account that another program added has no skeleton before the next start.
	uid := createUser(t, s, "cherry")
	makeCode(t, s, uid, signIn(t, s, uid, noon), "photos.example.org", "cherry")
	if _, err := s.DB().ExecContext(t.Context(), "UPDATE users SET skeleton = '' WHERE uid = $1", uid); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteUser(t.Context(), uid, Origin{At: noon, By: Admin}); err != nil {
		t.Fatal(err)
	}
	wantTaken(t, s, "сherry", true, "cherry") // with a Cyrillic с
}

func TestRetiredNameIsKeptThoughTheAppWasRemovedBeforeTheAccount(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	addApp(t, s, "photos.example.org", "everyone")
	uid, other := createUser(t, s, "apple"), createUser(t, s, "plum")
	makeCode(t, s, uid, signIn(t, s, uid, noon), "photos.example.org", "code")
	if err := s.RemoveApp(t.Context(), "photos.example.org"); err != nil {
		t.Fatal(err)
	}
	// Added again, it may be another app, and asks once more.
	addApp(t, s, "photos.example.org", "everyone")
	if _, continued, err := s.MayEnter(t.Context(), uid, "photos.example.org"); continued || err != nil {
		t.Errorf("continued: %t, %v", continued, err)
	}
	for _, gone := range []int64{uid, other} {
		if err := s.DeleteUser(t.Context(), gone, Origin{At: noon, By: Admin}); err != nil {
			t.Fatal(err)
		}
	}
	wantTaken(t, s, "apple", true, "apple")
	wantTaken(t, s, "plum", false, "")
	if got := value(t, s, "SELECT count(*) FROM removed_app_people"); got != "0" {
		t.Errorf("%s accounts that are gone", got)
	}
}
