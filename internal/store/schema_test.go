package store

import (
	"database/sql"
	"maps"
	"path/filepath"
	"slices"
	"testing"
)

// columns returns the columns of each table, but for those of the engine's own.
func columns(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()
	found := map[string]bool{}
	err := eachRow(t.Context(), db, func(row *sql.Rows) error {
		var table, column string
		err := row.Scan(&table, &column)
		if table != "goose_db_version" && table != "sqlite_sequence" && table+"."+column != "sign_ins.rowid" {
			found[table+"."+column] = true
		}
		return err
	}, query)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(found))
}

func TestMigrationsMakeTheSameTablesAndColumnsOnBothEngines(t *testing.T) {
	postgresOnly(t)
	server := columns(t, openBare(t, newAddress(t)), "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'")
	path := filepath.Join(t.TempDir(), "auth.db")
	file := columns(t, open(t, path).DB(), "SELECT m.name, c.name FROM sqlite_schema AS m, pragma_table_info(m.name) AS c WHERE m.type = 'table'")
	if !slices.Equal(server, file) {
		t.Errorf("PostgreSQL has\n%v\nSQLite has\n%v", server, file)
	}
}

func TestMigrationsHaveTheSameNumbersOnBothEngines(t *testing.T) {
	numbers := func(e *engine) (all []string) {
		files, err := migrations.ReadDir(e.migrations)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if number := file.Name()[:5]; number >= "00011" {
				all = append(all, number)
			}
		}
		return all
	}
	if file, server := numbers(&sqliteEngine), numbers(&postgresEngine); !slices.Equal(file, server) {
		t.Errorf("from the eleventh on, SQLite has %v and PostgreSQL %v", file, server)
	}
}

// openBare opens a database without looking at it.
func openBare(t *testing.T, address string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}
