package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// sqliteCode returns SQLite's primary result code, or 0.
func sqliteCode(err error) int {
	if failure := (*sqlite.Error)(nil); errors.As(err, &failure) {
		return failure.Code() & 0xff
	}
	return 0
}

// explained says what is wrong with the disk where SQLite has only a number for it: the system is asked again, by
// writing a little beside the file.
func explained(err error, path string) error {
	switch sqliteCode(err) {
	case sqlite3.SQLITE_FULL:
		return unavailableError{errDiskFull}
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN:
		if problem := tryToWrite(filepath.Dir(path)); problem != nil {
			return unavailableError{problem}
		}
	}
	return err
}

// Explained is an error of this store for the person at the terminal, who can do something about the disk.
func (s *Store) Explained(err error) error {
	if s.file == nil {
		return err
	}
	if better := explained(err, s.file.path); better != err {
		return fmt.Errorf("database %s: %w", s.file.path, better)
	}
	return err
}

var errDiskFull = errors.New("the disk is full")

// tried is how much is written to see whether the disk takes it, in bytes: more than the index of a new write-ahead
// log (32 KiB), for which SQLite asks first.
const tried = 64 << 10

func tryToWrite(folder string) error {
	file, err := os.CreateTemp(folder, ".latchkey-*")
	if err == nil {
		defer os.Remove(file.Name())
		_, err = file.Write(make([]byte, tried))
		err = errors.Join(err, file.Sync(), file.Close())
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC):
		return errDiskFull
	}
	return fmt.Errorf("its folder cannot be written: %w", withoutPath(err))
}
