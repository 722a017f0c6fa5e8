package sealing_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"latchkey/internal/sealing"
)

func TestSealedSecretOpensForItsAccountAndUseAlone(t *testing.T) {
	key, err := sealing.MakeKey(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	other, err := sealing.MakeKey(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	secret := []byte("secret")
	sealed := key.Seal("totp", 7, secret)
	if got, err := key.Open("totp", 7, sealed); err != nil || !bytes.Equal(got, secret) {
		t.Errorf("%q, %v", got, err)
	}
	if bytes.Contains(sealed, secret) || bytes.Equal(sealed, key.Seal("totp", 7, secret)) {
		t.Error("the secret shows")
	}
	changed := bytes.Clone(sealed)
	changed[len(changed)-1] ^= 1
	for name, open := range map[string]func() ([]byte, error){
		"another account": func() ([]byte, error) { return key.Open("totp", 8, sealed) },
		"another use":     func() ([]byte, error) { return key.Open("enrol", 7, sealed) },
		"another key":     func() ([]byte, error) { return other.Open("totp", 7, sealed) },
		"changed":         func() ([]byte, error) { return key.Open("totp", 7, changed) },
		"cut off":         func() ([]byte, error) { return key.Open("totp", 7, sealed[:5]) },
		"empty":           func() ([]byte, error) { return key.Open("totp", 7, nil) },
	} {
		if got, err := open(); !errors.Is(err, sealing.ErrOtherKey) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestKeyFileIsMadeOnceAndForItsOwnerAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "auth.db.key")
	if _, err := sealing.ReadKey(path); !errors.Is(err, sealing.ErrNoKey) {
		t.Fatal(err)
	}
	ids := make([][]byte, 16)
	var group sync.WaitGroup
	for i := range ids {
		group.Go(func() {
			key, err := sealing.MakeKey(path)
			if err != nil {
				t.Error(err)
			}
			ids[i] = key.ID()
		})
	}
	group.Wait()
	read, err := sealing.ReadKey(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if !bytes.Equal(id, read.ID()) {
			t.Fatal("two keys were made")
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o600 || sealing.ReadableByOthers(path) {
		t.Errorf("mode %v", info.Mode())
	}
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(files) != 1 {
		t.Errorf("left behind: %v, %v", files, err)
	}
	if err := os.Chmod(path, 0o640); err != nil || !sealing.ReadableByOthers(path) {
		t.Errorf("readable by the group: %v", err)
	}
}

func TestKeyFileThatIsDamagedIsNoKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	for _, text := range []string{"", "\n", "c2hvcnQ=", "not base64!", string(make([]byte, 4096))} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := sealing.ReadKey(path); !errors.Is(err, sealing.ErrDamagedKey) {
			t.Errorf("%.20q: %v", text, err)
		}
		if _, err := sealing.MakeKey(path); !errors.Is(err, sealing.ErrDamagedKey) {
			t.Errorf("made over %.20q: %v", text, err)
		}
	}
}
