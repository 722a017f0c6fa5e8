package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	sqlite3 "modernc.org/sqlite/lib"
)

func openFileToRead(ctx context.Context, path string, busyTimeout time.Duration) (*Store, error) {
	s, err := openToRead(ctx, path, busyTimeout, readWrite)
	if err == nil || !cannotWrite(err) {
		return s, err
	}
	if hasLog(path) {
		if s, err = openToRead(ctx, path, busyTimeout, readOnly); err == nil || !cannotWrite(err) {
			return s, err
		}
	}
	// A database in WAL mode needs a log and its index beside it even to be read. Where there are none and they cannot be
	// made, nobody is writing; a look afterwards shows whether somebody did.
	unchanged, frozen := freeze(path)
	if !frozen {
		return nil, err
	}
	if s, err = openToRead(ctx, path, busyTimeout, readFrozen); err == nil {
		s.file.unchanged = unchanged
	}
	return s, err
}

func openToRead(ctx context.Context, path string, busyTimeout time.Duration, how access) (*Store, error) {
	if err := inspect(ctx, path, busyTimeout, how, ofThisProgram); err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, explained(err, path))
	}
	flags := os.O_RDONLY
	if how == readWrite {
		flags = os.O_RDWR
	}
	return openAs(ctx, path, busyTimeout, opening{how, flags, false})
}

// cannotWrite reports whether opening failed because the file or its folder cannot be written.
func cannotWrite(err error) bool {
	switch sqliteCode(err) {
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL:
		return true
	}
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) || errors.Is(err, errDiskFull)
}

// freeze notes the state of a file of which no part is in a log, and returns a function that says whether it has
// changed since.
func freeze(path string) (unchanged func() error, frozen bool) {
	before, err := os.Stat(path)
	if err != nil || logSize(path) > 0 {
		return nil, false
	}
	return func() error {
		after, err := os.Stat(path)
		if err != nil || !os.SameFile(before, after) || before.Size() != after.Size() ||
			!before.ModTime().Equal(after.ModTime()) || logSize(path) > 0 {
			return fmt.Errorf("%s was changed while it was read; do it again", path)
		}
		return nil
	}, true
}

func hasLog(path string) bool { return logSize(path) >= 0 }

// logSize returns the bytes of the write-ahead log or rollback journal, which hold a part of the database, or -1 when
// there is none.
func logSize(path string) int64 {
	size := int64(-1)
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		path = resolved
	}
	for _, suffix := range []string{"-wal", "-journal"} {
		if info, err := os.Stat(path + suffix); err == nil {
			size = max(size, info.Size())
		}
	}
	return size
}
