package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

var errNoFile = errors.New("back up: the database is PostgreSQL; back it up with pg_dump, or continuously with pgBackRest")

// Backup writes a consistent copy of the database to a new file of mode 0600, while others read and write: everything
// acknowledged before it began is in it. The file must not exist. A copy that fails half-way is removed; one that is
// there is complete and on disk.
func (s *Store) Backup(ctx context.Context, path string) (err error) {
	if s.file == nil {
		return errNoFile
	}
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("back up: %s is there already", path)
	}
	folder := filepath.Dir(path)
	if info, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("back up: there is no folder %s", folder)
	} else if err == nil && !info.IsDir() {
		return fmt.Errorf("back up: %s is not a folder", folder)
	}
	// Under another name until it is complete: an interrupted command leaves nothing that looks like a copy.
	partial, err := os.CreateTemp(folder, filepath.Base(path)+".partial-*")
	if err != nil {
		return fmt.Errorf("back up: no file can be made in the folder %s: %w", folder, withoutPath(err))
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
		return withoutPath(err)
	}
	if err := giveName(partial.Name(), path); err != nil {
		return err
	}
	return syncFolder(folder)
}

// giveName renames a file, and never replaces one.
func giveName(from, to string) error {
	// Link, unlike rename, refuses to replace a file that was made in the meantime.
	err := os.Link(from, to)
	if err == nil {
		return withoutPath(os.Remove(from))
	}
	if !errors.Is(err, fs.ErrExist) {
		// FAT and some network file systems have no links. There, the name is taken first, by an empty file.
		var taken *os.File
		if taken, err = os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err == nil {
			if err = errors.Join(taken.Close(), os.Rename(from, to)); err != nil {
				os.Remove(to)
			}
		}
	}
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already", to)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", to, withoutPath(err))
	}
	return nil
}

// syncFolder has the name of a new file survive a power cut, where the system lets a folder be synced: one that may not
// be read, and some file systems, do not, and there the file is as safe as any program can make it. Only a disk that
// fails is an error.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err == nil {
		defer folder.Close()
		err = folder.Sync()
	}
	if errors.Is(err, syscall.EIO) {
		return fmt.Errorf("%s: %w", path, withoutPath(err))
	}
	return nil
}

// BackupTo writes what Backup would to a stream, from a temporary file that is gone afterwards, even after kill -9
// once the copy has begun to be sent.
func (s *Store) BackupTo(ctx context.Context, to io.Writer) error {
	if s.file == nil {
		return errNoFile
	}
	folder, err := os.MkdirTemp("", "latchkey-backup-*")
	if err != nil {
		return fmt.Errorf("back up: no temporary file can be made: %w", withoutPath(err))
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "copy.db")
	if err := s.Backup(ctx, path); err != nil {
		return err
	}
	copied, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	defer copied.Close()
	// A reader that stops ends the program by a signal, and with it the rest of this function: remove the file now.
	// Where an open file cannot be removed, it is removed at the end.
	_ = os.RemoveAll(folder)
	if _, err := io.Copy(to, copied); err != nil {
		return fmt.Errorf("back up: %w", withoutPath(err))
	}
	return nil
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
				return copyError(err, path)
			}
		}
		return copyError(backup.Finish(), path)
	})
}

// copyError says what kept the copy from being written: SQLite looks for the words in the original, where all is well.
func copyError(err error, path string) error {
	err = explained(err, path)
	if failure := (*sqlite.Error)(nil); errors.As(err, &failure) && sqliteCode(err) == sqlite3.SQLITE_IOERR {
		return fmt.Errorf("the disk does not take the copy (SQLite's code %d)", failure.Code())
	}
	return err
}
