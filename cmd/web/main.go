// Command web is Latchkey: username-and-password sign-in for the web, as one program and one SQLite file.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is stamped by `task build`.
var version = "development"

// Exit codes of the program.
const (
	exitOK     = 0
	exitFailed = 1
	// exitUsage says that a flag, an environment variable or a command is wrong; nothing was opened.
	exitUsage = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// After the first signal the program winds up; a second one kills it, as without us.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

type commands struct {
	Version  kong.VersionFlag `env:"-" help:"Print the version."`
	Settings settings         `embed:""`
	Serve    serveCommand     `cmd:"" default:"1" help:"Serve the site (the default command)."`
	User     userCommand      `cmd:"" help:"Manage accounts, also while the site is served."`
	App      appCommand       `cmd:"" help:"Manage the apps behind the sign-in."`
	Group    groupCommand     `cmd:"" help:"Manage the groups that apps let in."`
	Events   eventsCommand    `cmd:"" help:"Show what happened to accounts."`
	Backup   backupCommand    `cmd:"" help:"Copy the database to a new file, also while the site is served."`
	Move     moveCommand      `cmd:"" help:"Move all that is in the file to a PostgreSQL."`
	Hash     hashCommand      `cmd:"" hidden:"" help:"Hash passwords for the program that serves."`
	Check    checkCommand     `cmd:"" help:"Look for damage in the database."`
}

// run is the whole program but for the process around it, and returns its exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	raw := stdout
	stdout, stderr = terminalWriter{stdout}, terminalWriter{stderr}
	var command commands
	left := false // --help and --version print and ask to leave
	parser := newParser(&command, kong.Writers(stdout, stderr), kong.Exit(func(int) { left = true }))
	parsed, err := parser.Parse(args)
	if left {
		return exitOK
	}
	if err != nil {
		printError(stderr, err)
		return exitUsage
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	if err := parsed.Run(&command.Settings, output{out: stdout, log: stderr, raw: raw}); err != nil {
		printError(stderr, err)
		return exitFailed
	}
	return exitOK
}

// printError writes one line, whatever the error is made of.
func printError(to io.Writer, err error) {
	fmt.Fprintf(to, "latchkey: %s\n", strings.ReplaceAll(err.Error(), "\n", "; "))
}

// output is where a command writes.
type output struct {
	out io.Writer // results
	log io.Writer // everything else
	raw io.Writer // results that are not text
}

func newParser(command *commands, options ...kong.Option) *kong.Kong {
	options = append(options, settingValues...)
	return kong.Must(command, append(options,
		kong.Name("latchkey"),
		kong.Description("Username-and-password sign-in for the web: one program, one SQLite file or PostgreSQL."),
		kong.DefaultEnvars("LATCHKEY"),
		kong.Vars{"version": version},
	)...)
}
