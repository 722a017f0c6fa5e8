package store

import (
	"database/sql"
	"strings"
	"testing"
)

// TestSignOutFindsWhatEndsWithItThroughIndexes: SQLite looks in each table that refers to a row that is deleted, and says
// nothing of that in the plan of the DELETE.
func TestSignOutFindsWhatEndsWithItThroughIndexes(t *testing.T) {
	fileOnly(t)
	t.Parallel()
	s := newStore(t)
	var references [][2]string
	err := eachRow(t.Context(), s.reads, func(row *sql.Rows) error {
		var table, column string
		err := row.Scan(&table, &column)
		references = append(references, [2]string{table, column})
		return err
	}, `SELECT t.name, f."from" FROM sqlite_schema AS t, pragma_foreign_key_list(t.name) AS f WHERE t.type = 'table'`)
	if err != nil || len(references) < 15 {
		t.Fatalf("%v, %v", references, err)
	}
	for _, reference := range references {
		err := eachRow(t.Context(), s.reads, func(row *sql.Rows) error {
			var id, parent, unused int
			var step string
			err := row.Scan(&id, &parent, &unused, &step)
			if !strings.HasPrefix(step, "SEARCH ") {
				t.Errorf("%s.%s: %s", reference[0], reference[1], step)
			}
			return err
		}, "EXPLAIN QUERY PLAN SELECT 1 FROM "+reference[0]+" WHERE "+reference[1]+" = ?", 1)
		if err != nil {
			t.Error(err)
		}
	}
}
