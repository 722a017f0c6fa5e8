package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
)

// Backup writes a consistent copy of the database to a new file of mode 0600, while others read and write: everything
// acknowledged before it began is in it. The file must not exist. A copy that fails half-way is removed; one that is
// there is complete and on disk.
func (s *Store) Backup(ctx context.Context, path string) (err error) {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("back up: %s is there already", path)
	}
	// Under another name until it is complete, so that an interrupted command leaves nothing that looks like a copy.
	partial, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".partial-*")
	if err != nil {
		return fmt.Errorf("back up: %w", err)
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
		return err
	}
	if err := os.Remove(partial.Name()); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
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
				return errors.Join(err, backup.Finish())
			}
			if more, err = backup.Step(backupPages); err != nil {
				return errors.Join(err, backup.Finish())
			}
		}
		return backup.Finish()
	})
}
