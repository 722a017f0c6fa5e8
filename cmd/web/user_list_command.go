package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"latchkey/internal/store"
)

type userListCommand struct {
	JSON bool `name:"json" env:"-" help:"One JSON object a line."`
}

// accountJSON is an account as programs read it.
type accountJSON struct {
	UID         int64      `json:"uid"`
	Username    string     `json:"username"`
	CreatedAt   time.Time  `json:"created_at"`
	DisabledAt  *time.Time `json:"disabled_at,omitempty"`
	HasPassword bool       `json:"has_password"`
	SignIns     int        `json:"sign_ins"`
	LastSeenAt  *time.Time `json:"last_seen_at,omitempty"`
	Groups      []string   `json:"groups"`

	SecondFactor bool `json:"second_factor"`
}

func (l userListCommand) Run(ctx context.Context, to output, s *settings) error {
	return reading(ctx, s, func(db *store.Store) error {
		if l.JSON {
			encoder := json.NewEncoder(to.out)
			return db.EachAccount(ctx, func(account store.Account) error {
				return encoder.Encode(accountJSON{
					UID: account.UID, Username: account.Username, CreatedAt: account.CreatedAt.UTC(), DisabledAt: orNil(account.DisabledAt),
					HasPassword: account.HasPassword, SignIns: account.SignIns, LastSeenAt: orNil(account.LastSeenAt),
					Groups: append([]string{}, account.Groups...), SecondFactor: account.SecondFactor,
				})
			})
		}
		table := tabwriter.NewWriter(to.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "UID\tUSERNAME\tCREATED\tSIGN-INS\tLAST SEEN\tGROUPS\tSECOND FACTOR\tSTATE")
		err := db.EachAccount(ctx, func(account store.Account) error {
			_, err := fmt.Fprintf(table, "%d\t%s\t%s\t%d\t%s\t%s\t%s\t%s\n", account.UID, account.Username, shortTime(account.CreatedAt),
				account.SignIns, shortTime(account.LastSeenAt), cmp.Or(strings.Join(account.Groups, ","), "-"), wordIf(account.SecondFactor, "yes"), state(account))
			return err
		})
		return errors.Join(err, table.Flush())
	})
}

// wordIf fills a cell of a table.
func wordIf(is bool, word string) string {
	if is {
		return word
	}
	return "-"
}

func state(account store.Account) string {
	switch {
	case !account.DisabledAt.IsZero():
		return "disabled"
	case !account.HasPassword:
		return "no password yet"
	}
	return "active"
}

func shortTime(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04")
}

func orNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
