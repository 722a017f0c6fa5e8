package store

import (
	"crypto/rand"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// saveCode gives the account a recovery code that was made in the sign-in and is in a safe place.
func saveCode(t *testing.T, s *Store, uid int64, by Origin) {
	t.Helper()
	if err := errors.Join(s.SetRecoveryCode(t.Context(), uid, []byte(rand.Text()), by), s.MarkRecoveryCodeSaved(t.Context(), uid, by)); err != nil {
		t.Fatal(err)
	}
}

// withCodes is an account with codes, of which those up to step 100 are used, and a sign-in of it.
func withCodes(t *testing.T, s *Store, username string) (uid int64, by Origin) {
	t.Helper()
	uid = createUser(t, s, username)
	by = owner(signIn(t, s, uid, noon), noon)
	saveCode(t, s, uid, by)
	if err := s.SetCodes(t.Context(), uid, CodeSecret{Sealed: []byte("sealed"), KeyID: []byte("key"), LastStep: 100}, by); err != nil {
		t.Fatal(err)
	}
	return uid, by
}

// withCode is a login that shows the code of a step.
func withCode(uid int64, username string, step int64) NewSignIn {
	begun := login(uid, username)
	begun.Proof = Proof{Code: &CodeUse{Step: step, Sealed: []byte("sealed")}}
	begun.Factors = begun.Proof.Factors()
	return begun
}

func TestCodeCountsOnceOnWhateverMachineItIsShown(t *testing.T) {
	t.Parallel()
	s, other := two(t)
	uid, _ := withCodes(t, s, "bob")
	for round := range int64(20) {
		var running sync.WaitGroup
		var taken atomic.Int64
		for i := range 8 {
			running.Go(func() {
				err := []*Store{s, other}[i%2].CreateSignIn(t.Context(), withCode(uid, "bob", 101+round), at(noon))
				switch {
				case err == nil:
					taken.Add(1)
				case !errors.Is(err, ErrProofSpent):
					t.Error(err)
				}
			})
		}
		running.Wait()
		if taken.Load() != 1 {
			t.Fatalf("round %d: one code signed in %d times", round, taken.Load())
		}
	}
}

func TestSignInWithoutTheSecondFactorNeverOutlivesItsBeginning(t *testing.T) {
	t.Parallel()
	s, other := two(t)
	for round := range 60 {
		name := "bob" + string(rune('a'+round/26)) + string(rune('a'+round%26))
		uid := createUser(t, s, name)
		by := owner(signIn(t, s, uid, noon), noon)
		saveCode(t, s, uid, by)
		atOnce(round,
			func() {
				if err := s.SetCodes(t.Context(), uid, CodeSecret{Sealed: []byte("sealed"), KeyID: []byte("key"), LastStep: 1}, by); err != nil {
					t.Error(err)
				}
			},
			func() {
				if err := other.CreateSignIn(t.Context(), login(uid, name), at(noon)); err != nil && !errors.Is(err, ErrSecondFactorMissing) {
					t.Error(err)
				}
			})
		if left := value(t, s, "SELECT count(*) FROM sign_ins WHERE uid = $1", uid); left != "1" {
			t.Fatalf("round %d: %s sign-ins, want the one that set up the codes", round, left)
		}
	}
}

func TestHalfLoginNeverOutlivesWhatEndsIt(t *testing.T) {
	t.Parallel()
	s, other := two(t)
	uid, _ := withCodes(t, s, "bob")
	user := User{UID: uid, Username: "bob", PassHash: "hash of bob"}
	for round := range 60 {
		half := HalfLogin{ID: rand.Text(), User: user}
		finish := withCode(uid, "bob", 101+int64(round))
		finish.HalfLogin = half.ID
		if err := s.BeginHalfLogin(t.Context(), half, Settlement{}, SessionChange{}, at(noon)); err != nil {
			t.Fatal(err)
		}
		atOnce(round,
			func() {
				if _, err := s.EndAllSignIns(t.Context(), uid, at(noon)); err != nil {
					t.Error(err)
				}
			},
			func() {
				if err := other.CreateSignIn(t.Context(), finish, at(noon)); err != nil && !errors.Is(err, ErrNoHalfLogin) {
					t.Error(err)
				}
			})
		if _, err := s.HalfLogin(t.Context(), half.ID, noon.Add(-time.Minute), noon); !errors.Is(err, ErrNoHalfLogin) {
			t.Fatalf("round %d: %v", round, err)
		}
		if left := value(t, s, "SELECT count(*) FROM sign_ins WHERE uid = $1", uid); left != "0" {
			t.Fatalf("round %d: %s sign-ins are left", round, left)
		}
	}
}

func TestHalfLoginThatIsFinishedLeavesNoEventThatItWasNot(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	uid, _ := withCodes(t, s, "bob")
	half := HalfLogin{ID: rand.Text(), User: User{UID: uid, Username: "bob", PassHash: "hash of bob"}}
	if err := s.BeginHalfLogin(t.Context(), half, Settlement{}, SessionChange{}, at(noon)); err != nil {
		t.Fatal(err)
	}
	missing := "SELECT count(*) FROM events WHERE kind = 'second step missing'"
	if got := value(t, s, missing); got != "1" {
		t.Errorf("%s events", got)
	}
	finish := withCode(uid, "bob", 101)
	finish.HalfLogin = half.ID
	if err := s.CreateSignIn(t.Context(), finish, at(noon)); err != nil {
		t.Fatal(err)
	}
	if got := value(t, s, missing); got != "0" {
		t.Errorf("%s events afterwards", got)
	}
	half.User.PassHash = "another"
	if err := s.BeginHalfLogin(t.Context(), half, Settlement{}, SessionChange{}, at(noon)); !errors.Is(err, ErrPasswordChanged) {
		t.Errorf("with an old hash: %v", err)
	}
}
