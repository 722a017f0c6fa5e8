package store

import (
	"context"
	"database/sql"
	"fmt"
)

// HashCosts returns the beginnings of the stored password hashes, up to their costs, each once.
func (s *Store) HashCosts(ctx context.Context) (costs []string, err error) {
	err = eachRow(ctx, s.reads, func(row *sql.Rows) error {
		var cost string
		err := row.Scan(&cost)
		costs = append(costs, cost)
		return err
	}, `WITH RECURSIVE found (costs) AS ( -- one step in the index for each
			SELECT min(`+s.hashCosts+`) FROM users
			UNION ALL
			SELECT (SELECT min(`+s.hashCosts+`) FROM users WHERE `+s.hashCosts+` > costs)
			FROM found WHERE costs IS NOT NULL)
		SELECT costs FROM found WHERE costs IS NOT NULL LIMIT 1000`)
	if err != nil {
		return nil, fmt.Errorf("read hash costs: %w", err)
	}
	return costs, nil
}
