//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"
)

// bench is one run.
type bench struct {
	options options
	// folder holds all files of the run and is removed at its end.
	folder   string
	binary   string
	database string
	// hash is every user's, with the server's default costs.
	hash   string
	report *report
}

// rowGroups are the rows that are measured together, in an order in which none spoils the next: the last one fills
// the database with what has expired.
var rowGroups = []struct {
	name    string
	measure func(*bench, context.Context) error
}{
	{"start", (*bench).measureStart},
	{"idle", (*bench).measureIdle},
	{"visit", (*bench).measureVisits},
	{"home", (*bench).measureHome},
	{"check", (*bench).measureChecks},
	{"login", (*bench).measureLogins},
	{"guessing", (*bench).measureGuessing},
	{"scale", (*bench).measureScale},
}

func rowNames() []string {
	var names []string
	for _, group := range rowGroups {
		names = append(names, group.name)
	}
	return names
}

// Run measures the rows and prints what came of it. That a row is not reached is no error.
func (o *options) Run(ctx context.Context) (err error) {
	folder, err := os.MkdirTemp(o.Folder, "latchkey-bench-")
	if err != nil {
		return err
	}
	defer func() {
		if removeErr := os.RemoveAll(folder); err == nil {
			err = removeErr
		}
	}()
	b := &bench{options: *o, folder: folder, binary: o.Server}
	if b.binary == "" {
		if b.binary, err = buildServer(ctx, folder); err != nil {
			return err
		}
	}
	if b.report, err = newReport(b); err != nil {
		return err
	}
	b.report.printHeader(os.Stdout)
	began := time.Now()
	if b.database, err = b.makeDataSet(ctx, "auth.db", o.Users, o.Sessions); err != nil {
		return err
	}
	if b.hash, err = hashIn(ctx, b.database); err != nil {
		return err
	}
	progress("%d users and %d sessions made in %s", o.Users, o.Sessions, time.Since(began).Round(100*time.Millisecond))
	for _, group := range rowGroups {
		if len(o.Rows) > 0 && !slices.Contains(o.Rows, group.name) {
			continue
		}
		if err := group.measure(b, ctx); err != nil {
			return fmt.Errorf("%s: %w", group.name, err)
		}
	}
	b.report.Seconds = time.Since(began).Seconds()
	b.report.printTable(os.Stdout)
	if o.JSON == "" {
		return nil
	}
	return b.report.write(o.JSON)
}

// progress tells the person who waits what was done. The results go to standard output.
func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
}

// alternate measures ours and the reference in each round, one right after the other and each first by turns, and
// adds what they return to the row.
func (b *bench) alternate(r *row, ours, reference func() (float64, error)) error {
	for round := range b.options.Rounds {
		first, second := ours, reference
		if round%2 == 1 {
			first, second = reference, ours
		}
		one, err := first()
		if err != nil {
			return err
		}
		two, err := second()
		if err != nil {
			return err
		}
		if round%2 == 1 {
			one, two = two, one
		}
		r.add(one, two)
	}
	return nil
}
