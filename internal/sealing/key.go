// Package sealing keeps secrets that the program has to read again, the seeds of one-time codes, so that a copy of the
// database alone is worth nothing: they are sealed with a key in a file of its own (ASVS 5.0 13.3.1).
package sealing

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Expected outcomes.
var (
	// ErrNoKey means that the key file is not there, and ErrNoPath that no file is named.
	ErrNoKey  = errors.New("the key file is missing")
	ErrNoPath = errors.New("no key file is named")
	// ErrDamagedKey means that the file holds something else than a key.
	ErrDamagedKey = errors.New("the key file is damaged: it holds 32 bytes in base64")
	// ErrOtherKey means that a secret was sealed with another key, or for another account, or is damaged.
	ErrOtherKey = errors.New("sealed with another key")
)

// keySize is in bytes: AES-256.
const keySize = 32

// Key seals secrets with AES-256-GCM.
type Key struct {
	aead cipher.AEAD
	id   []byte
}

// ReadKey reads the key from its file. Errors are ErrNoKey, ErrNoPath, ErrDamagedKey, and those of the file system.
func ReadKey(path string) (Key, error) {
	if path == "" {
		return Key{}, ErrNoPath
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Key{}, ErrNoKey
	}
	if err != nil {
		return Key{}, err
	}
	if !info.Mode().IsRegular() { // a named pipe would keep each login waiting
		return Key{}, ErrDamagedKey
	}
	file, err := os.Open(path)
	if err != nil {
		return Key{}, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, 1024))
	if err != nil {
		return Key{}, err
	}
	bare, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(text)))
	if err != nil || len(bare) != keySize {
		return Key{}, ErrDamagedKey
	}
	return newKey(bare)
}

func newKey(bare []byte) (Key, error) {
	block, err := aes.NewCipher(bare)
	if err != nil {
		return Key{}, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return Key{}, err
	}
	id := sha256.Sum256(append([]byte("latchkey key id "), bare...))
	return Key{aead, id[:8]}, nil
}

// MakeKey makes a new key in a new file of mode 0600, which is on the disk when it returns. When there is a file already,
// its key is returned: of programs that make one at the same moment, all have the same.
func MakeKey(path string) (Key, error) {
	bare := make([]byte, keySize)
	_, _ = rand.Read(bare) // it never fails
	// Under another name until it is whole: nobody reads half a key.
	partial, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".partial-*") // of mode 0600
	if err != nil {
		return Key{}, fmt.Errorf("make the key file: %w", err)
	}
	defer os.Remove(partial.Name())
	_, err = partial.WriteString(base64.StdEncoding.EncodeToString(bare) + "\n")
	if err = errors.Join(err, partial.Sync(), partial.Close()); err == nil {
		err = os.Link(partial.Name(), path) // unlike rename, it replaces nothing
	}
	if err != nil && !errors.Is(err, fs.ErrExist) { // FAT and some network file systems have no links
		err = CopyKey(partial.Name(), path)
	}
	if errors.Is(err, fs.ErrExist) {
		return ReadKey(path)
	}
	if err != nil {
		return Key{}, fmt.Errorf("make the key file: %w", err)
	}
	if folder, err := os.Open(filepath.Dir(path)); err == nil {
		_ = folder.Sync() // some file systems cannot
		_ = folder.Close()
	}
	return newKey(bare)
}

// CopyKey copies a key file to a new file of mode 0600, which must not exist.
func CopyKey(from, to string) error {
	if _, err := ReadKey(from); err != nil {
		return err
	}
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		os.Remove(to)
	}
	return err
}

// ID tells keys apart, and tells nothing about the key.
func (k Key) ID() []byte { return k.id }

// Seal seals a secret for an account and a use: it opens for no other.
func (k Key) Seal(use string, uid int64, secret []byte) []byte {
	nonce := make([]byte, k.aead.NonceSize())
	_, _ = rand.Read(nonce)
	return k.aead.Seal(nonce, nonce, secret, context(use, uid))
}

// Open returns the secret, or ErrOtherKey.
func (k Key) Open(use string, uid int64, sealed []byte) ([]byte, error) {
	if len(sealed) < k.aead.NonceSize() {
		return nil, ErrOtherKey
	}
	secret, err := k.aead.Open(nil, sealed[:k.aead.NonceSize()], sealed[k.aead.NonceSize():], context(use, uid))
	if err != nil {
		return nil, ErrOtherKey
	}
	return secret, nil
}

func context(use string, uid int64) []byte {
	return binary.BigEndian.AppendUint64([]byte(use+" "), uint64(uid))
}

// ReadableByOthers reports whether other users of the machine may read the file.
func ReadableByOthers(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().Perm()&0o077 != 0
}
