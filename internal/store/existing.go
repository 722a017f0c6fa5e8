package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/pressly/goose/v3"
)

func openExistingFile(ctx context.Context, path string, busyTimeout time.Duration) (*Store, error) {
	if err := inspect(ctx, path, busyTimeout, readWrite, ofThisProgram); err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, explained(err, path))
	}
	return openAs(ctx, path, busyTimeout, opening{readWrite, forNewFile, true})
}

// schema says which schemas are taken.
type schema bool

const (
	ofThisProgram schema = false
	orOlder       schema = true
)

// inspect looks at the file without any of the settings that Open makes, some of which stay in the file.
func inspect(ctx context.Context, path string, busyTimeout time.Duration, how access, takes schema) error {
	flags := os.O_RDONLY
	if how == readWrite {
		flags = os.O_RDWR
	}
	file, err := os.OpenFile(path, flags, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("there is no such file; --db names it, and the site makes it when it is first served")
	}
	if err != nil {
		return withoutPath(err)
	}
	if err := file.Close(); err != nil {
		return withoutPath(err)
	}
	full, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	settings := url.Values{"_pragma": {"busy_timeout(" + strconv.FormatInt(busyTimeout.Milliseconds(), 10) + ")"}}
	db, err := sql.Open("sqlite", fileURI(full)+"?"+string(how)+"&"+settings.Encode())
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	blank, err := refuseForeign(ctx, db)
	if err != nil {
		return err
	}
	if blank {
		return errors.New("it is empty; the site makes its tables when it is first served")
	}
	provider, err := sqliteEngine.newProvider(db, goose.WithIsolateDDL(true))
	if err != nil {
		return err
	}
	current, latest, err := provider.GetVersions(ctx)
	if err != nil {
		return unavailable(err)
	}
	if takes == ofThisProgram {
		if err := refuseOlder(current, latest); err != nil {
			return err
		}
	}
	return refuseNewer(current, latest)
}

// refuseForeign returns an error when the database holds the tables of another program. blank means that it holds none.
func refuseForeign(ctx context.Context, db *sql.DB) (blank bool, err error) {
	var tables, ours int
	if err := db.QueryRowContext(ctx, `
		SELECT count(*), count(*) FILTER (WHERE name IN ('users', 'sign_ins', 'goose_db_version'))
		FROM sqlite_schema WHERE type = 'table'`).Scan(&tables, &ours); err != nil {
		return false, unavailable(err)
	}
	if tables > 0 && ours < 3 {
		return false, errors.New("it is another program's database")
	}
	return tables == 0, nil
}

func refuseOlder(current, latest int64) error {
	if current < latest {
		return fmt.Errorf("its schema version %d is older than this program's %d; use the program that serves the site, or serve it with this one first",
			current, latest)
	}
	return nil
}

func refuseNewer(current, latest int64) error {
	if current > latest {
		return fmt.Errorf("its schema version %d is newer than this program's %d", current, latest)
	}
	return nil
}

// withoutPath leaves out what was done to which file, which the error around it says.
func withoutPath(err error) error {
	if failure := (*fs.PathError)(nil); errors.As(err, &failure) {
		return failure.Err
	}
	if failure := (*os.LinkError)(nil); errors.As(err, &failure) {
		return failure.Err
	}
	return err
}
