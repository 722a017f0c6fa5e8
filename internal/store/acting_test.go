package store

import (
	"context"
	"errors"
	"testing"
	"time"
)

// owner is what the owner of an account does in a sign-in.
func owner(signIn SignIn, now time.Time) Origin {
	by := at(now)
	by.SignIn = signIn.ID
	return by
}

// changes are all that an owner can do to the account in a sign-in.
func changes(s *Store, uid int64) map[string]func(context.Context, Origin) error {
	return map[string]func(context.Context, Origin) error{
		"ChangePassword": func(ctx context.Context, by Origin) error {
			_, err := s.ChangePassword(ctx, PasswordChange{UID: uid, OldHash: "hash of bob", NewHash: "new", Browser: unknown}, by)
			return err
		},
		"SetRecoveryCode": func(ctx context.Context, by Origin) error { return s.SetRecoveryCode(ctx, uid, []byte("code"), by) },
		"MarkRecoveryCodeSaved": func(ctx context.Context, by Origin) error {
			return s.MarkRecoveryCodeSaved(ctx, uid, by)
		},
		"PutOffRecoveryCode": func(ctx context.Context, by Origin) error { return s.PutOffRecoveryCode(ctx, uid, by) },
		"EndSignIn": func(ctx context.Context, by Origin) error {
			_, _, err := s.EndSignIn(ctx, uid, "other", by)
			return err
		},
		"EndOtherSignIns": func(ctx context.Context, by Origin) error {
			_, err := s.EndOtherSignIns(ctx, uid, by)
			return err
		},
		"ConfirmSignIn": func(ctx context.Context, by Origin) error {
			return s.ConfirmSignIn(ctx, uid, Confirmation{Browser: unknown}, by)
		},
		"DeleteUser": func(ctx context.Context, by Origin) error { return s.DeleteUser(ctx, uid, by) },
	}
}

func TestChangeOfAnAccountIsRefusedWhenTheSignInItActsForHasEnded(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	bob, eve := createUser(t, s, "bob"), createUser(t, s, "eve")
	ended, other, hers := signIn(t, s, bob, noon), signIn(t, s, bob, noon), signIn(t, s, eve, noon)
	if err := s.LogOut(t.Context(), []string{ended.ID}, at(noon)); err != nil {
		t.Fatal(err)
	}
	before := value(t, s, "SELECT string_agg(pass_hash || recovery_put_off, ',') || (SELECT count(*) FROM sign_ins) || (SELECT count(*) FROM events) FROM users")
	for name, change := range changes(s, bob) {
		for what, signIn := range map[string]SignIn{"one that has ended": ended, "another person's": hers, "none": {}} {
			if err := change(t.Context(), owner(signIn, noon)); !errors.Is(err, ErrNotSignedIn) {
				t.Errorf("%s for %s: %v, want ErrNotSignedIn", name, what, err)
			}
		}
		late := owner(other, noon)
		late.ConfirmedSince = noon.Add(time.Second)
		if err := change(t.Context(), late); name != "ConfirmSignIn" && !errors.Is(err, ErrNotSignedIn) {
			t.Errorf("%s for one confirmed too long ago: %v, want ErrNotSignedIn", name, err)
		}
	}
	if after := value(t, s, "SELECT string_agg(pass_hash || recovery_put_off, ',') || (SELECT count(*) FROM sign_ins) || (SELECT count(*) FROM events) FROM users"); after != before {
		t.Errorf("something changed: %s, before %s", after, before)
	}
	for _, name := range []string{"SetRecoveryCode", "MarkRecoveryCodeSaved", "PutOffRecoveryCode", "EndOtherSignIns", "ConfirmSignIn", "ChangePassword", "DeleteUser"} {
		if err := changes(s, bob)[name](t.Context(), owner(other, noon)); err != nil {
			t.Errorf("%s while signed in: %v", name, err)
		}
	}
}

func TestChangeThatHasBegunIsFinishedWhenTheClientLeaves(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	ctx, leave := context.WithCancel(t.Context())
	err := s.write(ctx, "test", func(ctx context.Context, tx *transaction) error {
		leave()
		_, err := tx.ExecContext(ctx, "INSERT INTO users (username, pass_hash, created_at) VALUES ('bob', '', 0)")
		return err
	})
	if users := value(t, s, "SELECT count(*) FROM users"); err != nil || users != "1" {
		t.Errorf("%v, %s users", err, users)
	}
	if err := s.write(ctx, "test", func(context.Context, *transaction) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("a change for a client that has left: %v", err)
	}
}

func TestEventIsToldOnceAndOnlyWhenItIsOnDisk(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	var told []EventKind
	s.Notify(func(event Event) { told = append(told, event.Kind) })
	createUser(t, s, "bob")
	if _, err := s.CreateUser(t.Context(), User{Username: "bob", PassHash: "hash"}, unknown, at(noon)); !errors.Is(err, ErrUsernameTaken) {
		t.Fatal(err)
	}
	if len(told) != 1 || told[0] != AccountCreated {
		t.Errorf("told %v", told)
	}
}

func TestSessionEndsWithItsOnlySignIn(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	bob := createUser(t, s, "bob")
	for name, test := range map[string]struct{ only, left string }{"its only one": {"id", "0"}, "one of several": {"", "1"}} {
		login := login(bob, "bob")
		login.ID = "id"
		login.Session = SessionChange{Saved: &SessionRow{TokenHash: name, Data: []byte("data"), Expires: time.Now().Add(time.Hour), SignIn: test.only}}
		begin(t, s, login, at(noon))
		if err := s.LogOut(t.Context(), []string{"id"}, at(noon)); err != nil {
			t.Fatal(err)
		}
		if left := value(t, s, "SELECT count(*) FROM sessions WHERE token = $1", name); left != test.left {
			t.Errorf("%s: %s sessions are left, want %s", name, left, test.left)
		}
	}
}
