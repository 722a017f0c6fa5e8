package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/alexedwards/scs/postgresstore"
	"github.com/alexedwards/scs/v2"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pressly/goose/v3"
	gooselock "github.com/pressly/goose/v3/lock"
)

var postgresEngine = engine{
	inList:       "= ANY($1)",
	list:         func(texts []string) any { return texts }, // postgresConnection makes no NULL of an empty one
	notASCII:     "(username ~ '[^ -~]')",
	hashCosts:    "substr(pass_hash, 1, strpos(substr(pass_hash, 16), '$') + 14)",
	nextEvent:    "nextval('events_id_seq')",
	expiry:       "to_timestamp($1)",
	expiryMillis: "CAST(extract(epoch FROM expiry) * 1000 AS double precision)",
	lockRows:     " FOR NO KEY UPDATE",
	keepRows:     " FOR KEY SHARE",
	endRows:      " FOR UPDATE",
	lockCounter: `INSERT INTO throttle (key, failures, free_at) VALUES ($1, 0, 0)
		ON CONFLICT (key) DO UPDATE SET failures = throttle.failures`,
	lockName:   "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
	scsStore:   func(db *sql.DB) scs.Store { return postgresstore.NewWithCleanupInterval(db, 0) },
	dialect:    goose.DialectPostgres,
	migrations: "migrations/postgres",
}

// maxConnections are open at once to one server.
const maxConnections = 16

// IsPostgres reports whether an address is PostgreSQL's, and not the path of a file.
func IsPostgres(address string) bool {
	return strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://")
}

// Shown returns a database's address as it may be shown: without the password, if it holds one.
func Shown(address string) string {
	if !IsPostgres(address) {
		return address
	}
	parsed, err := url.Parse(address)
	if err != nil || isAmbiguous(address) {
		return "postgres://…"
	}
	settings := parsed.Query()
	for name := range settings {
		if strings.Contains(name, "password") {
			settings.Set(name, "xxxxx")
		}
	}
	parsed.RawQuery = settings.Encode()
	return parsed.Redacted()
}

// isAmbiguous reports whether a password may go on where it seems to end: what follows would be taken for a host, and shown.
func isAmbiguous(address string) bool {
	_, rest, _ := strings.Cut(address, "://")
	authority := rest
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		authority = rest[:end]
	}
	return strings.Count(authority, "@") > 1 || strings.Contains(rest[len(authority):], "@")
}

// schemaWanted says what is done about the schema of a PostgreSQL.
type schemaWanted bool

const (
	migrates    schemaWanted = true
	takesAsItIs schemaWanted = false
)

func openPostgres(ctx context.Context, address string, busyTimeout time.Duration, schema schemaWanted) (*Store, error) {
	s, err := connectPostgres(ctx, address, busyTimeout, schema)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", Shown(address), inOneLine(err))
	}
	return s, nil
}

func connectPostgres(ctx context.Context, address string, busyTimeout time.Duration, schema schemaWanted) (*Store, error) {
	config, err := postgresConfig(address)
	if err != nil {
		return nil, err
	}
	// Migrations may take longer than a request may.
	patient := postgresPool(config, 0)
	err = preparePostgres(ctx, patient, schema)
	if err = errors.Join(err, patient.Close()); err != nil {
		return nil, err
	}
	db := postgresPool(config, max(busyTimeout, shortestWait))
	s := &Store{engine: &postgresEngine, busyTimeout: busyTimeout, notify: func(Event) {}, db: db, reads: db}
	if err := s.prepare(ctx); err != nil {
		_ = db.Close()
		return nil, err
	}
	return s, nil
}

// postgresConfig reads an address, and what else libpq would: PGPASSFILE and the like.
func postgresConfig(address string) (*pgx.ConnConfig, error) {
	if isAmbiguous(address) {
		return nil, errors.New("the address cannot be understood: write %40 for @, %2F for /, %3F for ? and %23 for # in a name or a password")
	}
	config, err := pgx.ParseConfig(address)
	if err != nil {
		if cause := errors.Unwrap(err); cause != nil {
			err = cause // the error itself repeats the address
		}
		var failure *url.Error
		if errors.As(err, &failure) {
			err = failure.Err
		}
		return nil, fmt.Errorf("the address cannot be understood: %w", err)
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 2 * time.Second
	}
	// Of several hosts, the one that takes changes: a page shows what any program acknowledged before.
	if config.ValidateConnect == nil {
		config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	for name, value := range map[string]string{
		"application_name": "latchkey",
		"client_encoding":  "UTF8",
		// PostgreSQL finds the general plan for a list of ids dearer than it is, and would plan that query each time.
		"plan_cache_mode":               "force_generic_plan",
		"default_transaction_isolation": "read committed",
		// A wait for a standby that the server gives up is acknowledged. The program gives up by itself.
		"statement_timeout":                   "0",
		"idle_in_transaction_session_timeout": "60s",
	} {
		if _, given := config.RuntimeParams[name]; !given {
			config.RuntimeParams[name] = value
		}
	}
	return config, nil
}

// preparePostgres looks at the schema, and brings it up to date.
func preparePostgres(ctx context.Context, db *sql.DB, schema schemaWanted) error {
	locker, err := gooselock.NewPostgresSessionLocker(gooselock.WithLockTimeout(1, 600))
	if err != nil {
		return err
	}
	provider, err := postgresEngine.newProvider(db, goose.WithSessionLocker(locker))
	if err != nil {
		return err
	}
	blank, err := refuseForeignTables(ctx, db)
	if err != nil {
		return err
	}
	if blank && schema == takesAsItIs {
		return errors.New("it is empty; the site makes its tables when it is first served")
	}
	if !blank {
		current, latest, err := provider.GetVersions(ctx)
		if err == nil {
			err = refuseNewer(current, latest)
		}
		if err == nil && schema == takesAsItIs {
			err = refuseOlder(current, latest)
		}
		if err != nil || schema == takesAsItIs {
			return unavailable(err)
		}
	}
	if _, err := provider.Up(ctx); err != nil {
		return unavailable(err)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return unavailable(err)
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, "LOCK TABLE skeleton_version IN EXCLUSIVE MODE"); err != nil {
		return unavailable(err)
	}
	if err := fillSkeletons(ctx, tx); err != nil {
		return err
	}
	return unavailable(tx.Commit())
}

// refuseForeignTables returns an error when the schema holds the tables of another program. blank means that it holds
// none, or only what goose makes before the others.
func refuseForeignTables(ctx context.Context, db *sql.DB) (blank bool, err error) {
	var tables, ours int
	if err := db.QueryRowContext(ctx, `
		SELECT count(*) FILTER (WHERE tablename <> 'goose_db_version'),
			count(*) FILTER (WHERE tablename IN ('users', 'sign_ins', 'goose_db_version'))
		FROM pg_tables WHERE schemaname = current_schema()`).Scan(&tables, &ours); err != nil {
		return false, unavailable(err)
	}
	if tables > 0 && ours < 3 {
		return false, errors.New("it is another program's database")
	}
	return tables == 0, nil
}

// oldestPostgres is the oldest major version that is tested.
const oldestPostgres = 15

func refuseServer(_ context.Context, connection *pgx.Conn) error {
	version := connection.PgConn().ParameterStatus("server_version")
	major, _, _ := strings.Cut(version, ".")
	if number, err := strconv.Atoi(major); err == nil && number < oldestPostgres {
		return fmt.Errorf("the server is PostgreSQL %s; Latchkey needs %d or newer", version, oldestPostgres)
	}
	if encoding := connection.PgConn().ParameterStatus("server_encoding"); encoding != "UTF8" {
		return fmt.Errorf("the database's encoding is %s; make one with ENCODING 'UTF8'", encoding)
	}
	return nil
}

// inOneLine is for the person at the terminal: pgx lists what each host answered in a line of its own.
func inOneLine(err error) error {
	if text := err.Error(); strings.ContainsAny(text, "\n\t") {
		return lines{err, strings.Join(strings.Fields(text), " ")}
	}
	return err
}

type lines struct {
	error
	joined string
}

func (l lines) Error() string { return l.joined }

func (l lines) Unwrap() error { return l.error }
