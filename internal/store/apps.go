package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// App is a host behind forward authentication, and who may enter it. A new one lets nobody in.
type App struct {
	// Host is canonical (package forward).
	Host string
	Name string
	// Everyone is set when every account may enter; otherwise the members of the groups may.
	Everyone bool
	Groups   []string
	// SecondFactor is set when only an account with a second factor may enter.
	SecondFactor bool
}

// Expected outcomes of the queries about apps and groups.
var (
	ErrAppExists = errors.New("there is such an app already")
	ErrNoApp     = errors.New("no such app")
	ErrNoGroup   = errors.New("no such group")
)

// SharedCookiesError means that another app has the same host with another port: browsers send cookies to all ports of a
// host (RFC 6265, section 8.5).
type SharedCookiesError struct {
	// Host is the other app's.
	Host string
}

// Error implements error.
func (e SharedCookiesError) Error() string { return "shares its cookies with " + e.Host }

// AddApp adds an app, or returns ErrAppExists, ErrNoGroup or a SharedCookiesError.
func (s *Store) AddApp(ctx context.Context, app App, now time.Time) error {
	return s.write(ctx, "add app", func(ctx context.Context, tx *transaction) error {
		name, _, _ := strings.Cut(app.Host, ":")
		if err := tx.takeName(ctx, name); err != nil {
			return err
		}
		var other string
		err := tx.QueryRowContext(ctx, "SELECT host FROM apps WHERE host <> $1 AND (host = $2 OR substr(host, 1, length($2) + 1) = $2 || ':')",
			app.Host, name).Scan(&other)
		if err == nil {
			return SharedCookiesError{other}
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		result, err := tx.ExecContext(ctx, "INSERT INTO apps (host, name, everyone, added_at, second_factor) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
			app.Host, app.Name, app.Everyone, now.Unix(), app.SecondFactor)
		if err := requireRow(result, err, ErrAppExists); err != nil {
			return err
		}
		return tx.setAppGroups(ctx, app)
	})
}

// ChangeApp has change set an app's name and who may enter it, or returns ErrNoApp, ErrNoGroup or the error of change, and
// the app as it is then. Who may not any more is refused at the next request.
func (s *Store) ChangeApp(ctx context.Context, host string, change func(*App) error) (app App, err error) {
	err = s.write(ctx, "change app", func(ctx context.Context, tx *transaction) error {
		if err := tx.lockApp(ctx, host, tx.lockRows); err != nil {
			return err
		}
		app, err = scanApp(tx.QueryRowContext(ctx, "SELECT "+appColumns+" FROM apps WHERE host = $1", host))
		if err != nil {
			return err
		}
		if err := change(&app); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE apps SET name = $1, everyone = $2, second_factor = $3 WHERE host = $4", app.Name, app.Everyone, app.SecondFactor, host); err != nil {
			return err
		}
		return tx.setAppGroups(ctx, app)
	})
	return app, err
}

// lockApp locks the app's row, or returns ErrNoApp.
func (tx *transaction) lockApp(ctx context.Context, host, lock string) error {
	var one int
	err := tx.QueryRowContext(ctx, "SELECT 1 FROM apps WHERE host = $1"+lock, host).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNoApp
	}
	return err
}

func scanApp(row interface{ Scan(...any) error }) (app App, err error) {
	var groups string
	err = row.Scan(&app.Host, &app.Name, &app.Everyone, &app.SecondFactor, &groups)
	app.Groups = strings.Fields(groups)
	return app, err
}

func (tx *transaction) setAppGroups(ctx context.Context, app App) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM app_groups WHERE host = $1", app.Host); err != nil {
		return err
	}
	for _, group := range app.Groups {
		result, err := tx.ExecContext(ctx, "INSERT INTO app_groups (host, group_name) SELECT $1, name FROM groups WHERE name = $2"+tx.keepRows, app.Host, group)
		if err := requireRow(result, err, ErrNoGroup); err != nil {
			return err
		}
	}
	return nil
}

// RemoveApp removes an app and ends all sign-ins in it, or returns ErrNoApp. The names that the app knows stay theirs
// whose they are, for the case that its data stays.
func (s *Store) RemoveApp(ctx context.Context, host string) error {
	return s.write(ctx, "remove app", func(ctx context.Context, tx *transaction) error {
		// It may come to know more people until then.
		if err := tx.lockApp(ctx, host, tx.endRows); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO removed_app_people (uid) SELECT uid FROM app_people JOIN users USING (uid) WHERE host = $1`+tx.keepRows+`
			ON CONFLICT DO NOTHING`, host); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, "DELETE FROM apps WHERE host = $1", host)
		return requireRow(result, err, ErrNoApp)
	})
}

const (
	appColumns = `host, name, everyone, second_factor, coalesce((SELECT string_agg(group_name, ' ' ORDER BY group_name) FROM app_groups WHERE app_groups.host = apps.host), '')`
	// groupsOfUser are the names of an account's groups, with spaces between: no name of a group holds one.
	groupsOfUser = `coalesce((SELECT string_agg(group_name, ' ' ORDER BY group_name) FROM group_members WHERE group_members.uid = users.uid), '')`
	// mustHaveSecondFactorHere is a condition on apps and users, as mustHaveSecondFactor is one on users.
	mustHaveSecondFactorHere = "(apps.second_factor OR " + mustHaveSecondFactor + ")"
	// mayEnter is a condition on apps and users.
	mayEnter = `(everyone OR EXISTS (
		SELECT 1 FROM app_groups JOIN group_members USING (group_name)
		WHERE app_groups.host = apps.host AND group_members.uid = users.uid))`
)

// Apps returns all apps in the order of their hosts.
func (s *Store) Apps(ctx context.Context) ([]App, error) {
	return s.appsWhere(ctx, "SELECT "+appColumns+" FROM apps ORDER BY host")
}

// AppsOf returns the apps that the account may enter, in the order of their names.
func (s *Store) AppsOf(ctx context.Context, uid int64) ([]App, error) {
	return s.appsWhere(ctx, "SELECT "+appColumns+" FROM apps JOIN users ON uid = $1 WHERE "+mayEnter+" ORDER BY name, host", uid)
}

// App finds an app by its canonical host, or returns ErrNoApp.
func (s *Store) App(ctx context.Context, host string) (App, error) {
	found, err := s.appsWhere(ctx, "SELECT "+appColumns+" FROM apps WHERE host = $1", host)
	if err != nil {
		return App{}, err
	}
	if len(found) == 0 {
		return App{}, ErrNoApp
	}
	return found[0], nil
}

// IsApp reports whether an app has this canonical host.
func (s *Store) IsApp(ctx context.Context, host string) (is bool, err error) {
	now := s.versionFor(ctx)
	if is, known := s.appHosts.get(now, host); known {
		return is, nil
	}
	if err := s.reads.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM apps WHERE host = $1)", host).Scan(&is); err != nil {
		return false, fmt.Errorf("read app: %w", unavailable(err))
	}
	s.appHosts.put(now, host, is)
	return is, nil
}

func (s *Store) appsWhere(ctx context.Context, query string, args ...any) (apps []App, err error) {
	err = eachRow(ctx, s.reads, func(row *sql.Rows) error {
		app, err := scanApp(row)
		apps = append(apps, app)
		return err
	}, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read apps: %w", err)
	}
	return apps, nil
}

// MayEnter reports whether the account may enter the app, and whether its owner has said that it may know them.
func (s *Store) MayEnter(ctx context.Context, uid int64, host string) (may, continued bool, err error) {
	err = s.reads.QueryRowContext(ctx, "SELECT "+mayEnter+`, EXISTS (SELECT 1 FROM app_people WHERE app_people.uid = users.uid AND app_people.host = apps.host)
		FROM apps JOIN users ON uid = $1 WHERE host = $2`, uid, host).Scan(&may, &continued)
	if errors.Is(err, sql.ErrNoRows) {
		return false, false, ErrNoApp
	}
	if err != nil {
		return false, false, fmt.Errorf("read app: %w", unavailable(err))
	}
	return may, continued, nil
}
