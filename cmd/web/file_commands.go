package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/mattn/go-isatty"

	"latchkey/internal/auth"
	"latchkey/internal/password"
	"latchkey/internal/sealing"
	"latchkey/internal/store"
	"latchkey/internal/username"
)

type backupCommand struct {
	File       string `arg:"" help:"File to make; it must not exist. A dash (-) is standard output."`
	WithoutKey bool   `env:"-" help:"Leave out the key that the secrets of one-time codes are sealed with; otherwise it goes to the file's name and .key."`
}

// Validate is called by kong.
func (b backupCommand) Validate() error {
	if b.File == "" {
		return errors.New("give the name of a file to make")
	}
	return nil
}

func (b backupCommand) Run(ctx context.Context, to output, s *settings) error {
	if b.File == "-" {
		if file, ok := to.raw.(*os.File); ok && isatty.IsTerminal(file.Fd()) {
			return errors.New("back up: standard output is a terminal; give the name of a file, or send the copy to a program")
		}
		return reading(ctx, s, func(db *store.Store) error {
			if err := db.BackupTo(ctx, to.raw); err != nil {
				return err
			}
			needed, err := needsKey(ctx, db)
			if err == nil && needed {
				err = report(to, "One-time codes also need the key, which is not in the copy: %s", s.keyFile())
			}
			return err
		})
	}
	return reading(ctx, s, func(db *store.Store) error {
		if err := db.Backup(ctx, b.File); err != nil {
			return err
		}
		if err := b.copyKey(ctx, to, s, db); err != nil {
			return err
		}
		return report(to, "The copy is complete: %s", b.File)
	})
}

// copyKey copies the key file beside the copy of the database, where something in that is sealed with it.
func (b backupCommand) copyKey(ctx context.Context, to output, s *settings, db *store.Store) error {
	needed, err := needsKey(ctx, db)
	if err != nil || !needed {
		return err
	}
	if b.WithoutKey {
		return report(to, "One-time codes also need the key, which is not copied: %s", s.keyFile())
	}
	if err := sealing.CopyKey(s.keyFile(), b.File+".key"); err != nil {
		return fmt.Errorf("back up: %s is complete, the key file is not copied: %w", b.File, err)
	}
	return report(to, "The key of its one-time codes: %s.key", b.File)
}

// needsKey reports whether something in the database is sealed.
func needsKey(ctx context.Context, db *store.Store) (bool, error) {
	all, _, err := db.CountCodesOfOtherKeys(ctx, nil)
	return all > 0, err
}

type checkCommand struct{}

func (checkCommand) Run(ctx context.Context, to output, s *settings) error {
	return reading(ctx, s, func(db *store.Store) error {
		problems, err := db.Check(ctx, func(name string) string {
			mapped, _ := username.Canonical(name)
			return mapped
		}, password.Damaged)
		if err != nil {
			return err
		}
		keyFile, err := auth.KeyFileProblem(ctx, db, s.keyFile())
		if err != nil {
			return err
		}
		if keyFile != "" {
			problems = append(problems, keyFile)
		}
		for _, problem := range problems {
			fmt.Fprintln(to.out, problem)
		}
		if len(problems) > 0 {
			return fmt.Errorf("problems found: %d", len(problems))
		}
		groups, err := db.LookAlikes(ctx)
		if err != nil {
			return err
		}
		for _, names := range groups {
			fmt.Fprintln(to.out, lookAlike(names))
		}
		version, err := db.SchemaVersion(ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(to.out, "ok, schema version %d\n", version)
		return err
	})
}

// lookAlike tells of accounts that are older than the rule against such names. The file is sound and people log in, so
// that it is no problem that a restore should stop at. What looks the same is shown in ASCII too.
func lookAlike(names []string) string {
	for i, name := range names {
		names[i] = strconv.Quote(name)
		if !username.OfASCII(name) {
			names[i] += " (" + strconv.QuoteToASCII(name) + ")"
		}
	}
	return "usernames that look alike: " + strings.Join(names, ", ")
}
