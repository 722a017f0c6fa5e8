//go:build linux

// Command bench measures Latchkey under load: a real server process with a real database file, on loopback, against
// the least that the same machine can do, in the same run. `task bench` runs it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

// helpers are what a run starts this program as, for itself.
type helpers struct {
	Bare bareCommand `cmd:""`
	Hash hashCommand `cmd:""`
	Pace paceCommand `cmd:""`
}

// options are what can be chosen about a run.
type options struct {
	Users    int      `default:"1000000" placeholder:"N" help:"Accounts in the database (${default})."`
	Sessions int      `default:"1000000" placeholder:"N" help:"Sessions that are live, and as many that have expired (${default})."`
	Rounds   int      `default:"3" placeholder:"N" help:"How often server and reference are measured, by turns (${default})."`
	Seconds  float64  `default:"4" placeholder:"N" help:"How long each is measured each time (${default})."`
	Quick    bool     `help:"Under a minute: two short rounds, 20000 users and 50000 sessions."`
	Rows     []string `placeholder:"ROW" help:"Only these rows: ${rows}."`
	Server   string   `type:"existingfile" placeholder:"FILE" help:"Measure this program instead of the one of the current tree."`
	Folder   string   `type:"existingdir" placeholder:"DIR" help:"Where the database goes, in a folder that is removed in the end. The system's place for temporary files by default."`
	JSON     string   `name:"json" placeholder:"FILE" help:"Write the results as JSON too."`
}

// warmUp goes before each measurement.
func (o options) warmUp() time.Duration { return min(o.window()/3, time.Second) }

// window is how long one measurement takes.
func (o options) window() time.Duration { return time.Duration(o.Seconds * float64(time.Second)) }

// minUsers lets 256 clients log in to distinct accounts while others are guessed at.
const minUsers = 2000

// Validate is called by kong.
func (o *options) Validate() error {
	if o.Quick {
		o.Users, o.Sessions, o.Rounds, o.Seconds = 20_000, 50_000, 2, 0.35
	}
	if o.Users < minUsers || o.Sessions < 1 || o.Rounds < 1 || o.Seconds <= 0 {
		return fmt.Errorf("--users: at least %d; --sessions and --rounds: at least 1; --seconds: more than 0", minUsers)
	}
	for _, row := range o.Rows {
		if !slices.Contains(rowNames(), row) {
			return fmt.Errorf("--rows: no row %q; there are %s", row, strings.Join(rowNames(), ", "))
		}
	}
	return nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	var command any = &options{}
	helps := len(os.Args) > 1 && slices.Contains([]string{"bare", "hash", "pace"}, os.Args[1])
	if helps {
		command = &helpers{}
	}
	parsed := kong.Parse(command, kong.Name("bench"), kong.Vars{"rows": strings.Join(rowNames(), ", ")},
		kong.Description("Measure Latchkey under load, against the least that this machine can do."))
	parsed.BindTo(ctx, (*context.Context)(nil))
	err := parsed.Run()
	if ctx.Err() != nil && !helps {
		err = errors.New("interrupted")
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}
