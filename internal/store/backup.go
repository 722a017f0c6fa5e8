package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Backup writes a consistent copy of the database to a new file of mode 0600, while others read and write: everything
// acknowledged before it began is in it. The file must not exist. A copy that fails half-way is removed; one that is
// there is complete and on disk.
func (s *Store) Backup(ctx context.Context, path string) (err error) {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("back up: %s is there already", path)
	}
	folder := filepath.Dir(path)
	if info, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("back up: there is no folder %s", folder)
	} else if err == nil && !info.IsDir() {
		return fmt.Errorf("back up: %s is not a folder", folder)
	}
	// Under another name until it is complete, so that an interrupted command leaves nothing that looks like a copy.
	partial, err := os.CreateTemp(folder, filepath.Base(path)+".partial-*")
	if err != nil {
		return fmt.Errorf("back up: no file can be made in the folder %s: %w", folder, reason(err))
	}
	defer func() {
		err = errors.Join(err, partial.Close())
		if err != nil {
			for _, suffix := range []string{"", "-journal", "-wal", "-shm"} {
				os.Remove(partial.Name() + suffix)
			}
			err = fmt.Errorf("back up: %w", err)
		}
	}()
	if err := s.copyTo(ctx, partial.Name()); err != nil {
		return err
	}
	if err := partial.Sync(); err != nil {
		return err
	}
	// Link, unlike rename, refuses to replace a file that came up meanwhile.
	if err := os.Link(partial.Name(), path); err != nil {
		return fmt.Errorf("%s: %w", path, reason(err))
	}
	if err := os.Remove(partial.Name()); err != nil {
		return err
	}
	directory, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(directory.Sync(), directory.Close())
}

// backupPages are copied at a time; between them ctx is looked at.
const backupPages = 1000

func (s *Store) copyTo(ctx context.Context, path string) error {
	connection, err := s.reads.Conn(ctx)
	if err != nil {
		return err
	}
	defer connection.Close()
	// Within a transaction that has read, the copy is of one moment, and no writer makes it start again.
	if _, err := connection.ExecContext(ctx, "BEGIN"); err != nil {
		return err
	}
	defer connection.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	var tables int
	if err := connection.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return err
	}
	return connection.Raw(func(driver any) error {
		source, ok := driver.(interface {
			NewBackup(string) (*sqlite.Backup, error)
		})
		if !ok {
			return errors.New("the database driver makes no back-ups")
		}
		backup, err := source.NewBackup(fileURI(path))
		if err != nil {
			return err
		}
		for more := true; more; {
			if err := ctx.Err(); err != nil {
				_ = backup.Finish()
				return err
			}
			if more, err = backup.Step(backupPages); err != nil {
				_ = backup.Finish() // repeats what went wrong
				return writing(err)
			}
		}
		return writing(backup.Finish())
	})
}

// writing says what kept the copy from being written: SQLite looks for the words in the original, where all is well.
func writing(err error) error {
	if failure := (*sqlite.Error)(nil); errors.As(err, &failure) {
		switch failure.Code() & 0xff {
		case sqlite3.SQLITE_FULL:
			return errors.New("the disk is full")
		case sqlite3.SQLITE_IOERR:
			return fmt.Errorf("the disk does not take the copy (SQLite's code %d)", failure.Code())
		}
	}
	return err
}
