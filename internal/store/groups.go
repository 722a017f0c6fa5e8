package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// Group is a named set of accounts that apps let in.
type Group struct {
	Name string
	// Members are canonical usernames.
	Members []string
	// SecondFactor is set when they need a second factor.
	SecondFactor bool
}

// AddToGroup adds accounts to a group, which it makes when there is none of that name. ErrNoUser means that one of the
// accounts is gone; then nothing has changed.
func (s *Store) AddToGroup(ctx context.Context, name string, uids []int64) error {
	return s.write(ctx, "add to group", func(ctx context.Context, tx *transaction) error {
		if _, err := tx.ExecContext(ctx, "INSERT INTO groups (name) VALUES ($1) ON CONFLICT (name) DO UPDATE SET name = excluded.name", name); err != nil {
			return err
		}
		for _, uid := range uids {
			if err := tx.keepAccount(ctx, uid); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, "INSERT INTO group_members (group_name, uid) VALUES ($1, $2) ON CONFLICT DO NOTHING", name, uid); err != nil {
				return err
			}
		}
		return nil
	})
}

// RemoveFromGroup takes accounts out of a group. Without any it removes the group, from the apps too. ErrNoGroup means
// that there is none.
func (s *Store) RemoveFromGroup(ctx context.Context, name string, uids []int64) error {
	return s.write(ctx, "remove from group", func(ctx context.Context, tx *transaction) error {
		if len(uids) == 0 {
			result, err := tx.ExecContext(ctx, "DELETE FROM groups WHERE name = $1", name)
			return requireRow(result, err, ErrNoGroup)
		}
		var exists bool
		if err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM groups WHERE name = $1)", name).Scan(&exists); err != nil {
			return err
		}
		if !exists {
			return ErrNoGroup
		}
		for _, uid := range uids {
			if _, err := tx.ExecContext(ctx, "DELETE FROM group_members WHERE group_name = $1 AND uid = $2", name, uid); err != nil {
				return err
			}
		}
		return nil
	})
}

// SetGroup changes whether the members of a group need a second factor, or returns ErrNoGroup.
func (s *Store) SetGroup(ctx context.Context, group Group) error {
	return s.write(ctx, "set group", func(ctx context.Context, tx *transaction) error {
		result, err := tx.ExecContext(ctx, "UPDATE groups SET second_factor = $1 WHERE name = $2", group.SecondFactor, group.Name)
		return requireRow(result, err, ErrNoGroup)
	})
}

// Groups returns all groups in the order of their names.
func (s *Store) Groups(ctx context.Context) (groups []Group, err error) {
	err = eachRow(ctx, s.reads, func(row *sql.Rows) error {
		var group Group
		var members string
		err := row.Scan(&group.Name, &group.SecondFactor, &members)
		group.Members = strings.Fields(members) // no username holds space
		groups = append(groups, group)
		return err
	}, `SELECT name, second_factor, coalesce((
			SELECT string_agg(username, ' ' ORDER BY username) FROM group_members JOIN users USING (uid) WHERE group_name = name), '')
		FROM groups ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("read groups: %w", err)
	}
	return groups, nil
}
