package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/mattn/go-isatty"

	"latchkey/internal/store"
)

type moveCommand struct {
	To string `arg:"" placeholder:"ADDRESS" help:"Address of an empty PostgreSQL, postgres://…"`
}

// Validate is called by kong.
func (m moveCommand) Validate() error {
	if !store.IsPostgres(m.To) {
		return errors.New("give the address of a PostgreSQL, postgres://…")
	}
	return nil
}

func (m moveCommand) Run(ctx context.Context, to output, s *settings) error {
	if store.IsPostgres(s.DB) {
		return errors.New("move: --db names the file to move")
	}
	db, err := store.OpenExisting(ctx, s.DB, s.BusyTimeout)
	return using(ctx, db, err, func(db *store.Store) error {
		bar := newProgressBar(os.Stderr)
		moved, err := db.Move(ctx, m.To, bar.show)
		bar.end()
		if err != nil {
			return err
		}
		for _, table := range moved {
			fmt.Fprintf(to.out, "%-20s %d\n", table.Table, table.Rows)
		}
		needed, err := needsKey(ctx, db)
		if err != nil {
			return err
		}
		if needed {
			if err := report(to, "One-time codes need their key there, too: --key-file %s", s.keyFile()); err != nil {
				return err
			}
		}
		return report(to, "All of it is there. What is still written to %s is not: stop what serves the file, and serve %s instead. "+
			"Keep the file until you have logged in once.", s.DB, store.Shown(m.To))
	})
}

// progressBar is one line at a terminal, and nothing elsewhere.
type progressBar struct {
	at    *os.File // nil: nowhere
	shown time.Time
}

func newProgressBar(at *os.File) *progressBar {
	if isatty.IsTerminal(at.Fd()) {
		return &progressBar{at: at}
	}
	return &progressBar{}
}

const progressWidth = 40

func (p *progressBar) show(done, total int64) {
	if p.at == nil || time.Since(p.shown) < 100*time.Millisecond {
		return
	}
	p.shown = time.Now()
	filled := int(progressWidth * done / max(total, 1))
	fmt.Fprintf(p.at, "\r[%s%s] %d of %d rows", strings.Repeat("=", filled), strings.Repeat(" ", progressWidth-filled), done, total)
}

func (p *progressBar) end() {
	if !p.shown.IsZero() {
		fmt.Fprint(p.at, "\r\033[K")
	}
}
