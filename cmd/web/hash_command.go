package main

import (
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"latchkey/internal/password"
)

// hashCommand is internal: the server runs itself with it, to hash passwords at a lower priority and in memory of
// their own.
type hashCommand struct{}

// hashWorkerIdle is how long the process is kept without a password to hash.
const hashWorkerIdle = time.Minute

// Run hashes until the program that started it closes its standard input.
func (hashCommand) Run() error {
	// Ctrl-C and a hang-up reach every process of a terminal. The requests in flight still need this one.
	signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	return password.Work(os.Stdin, os.Stdout)
}

func newHashWorker(log *slog.Logger) *password.Worker {
	return password.NewWorker(func() *exec.Cmd {
		command := exec.Command(ownProgram(), "hash")
		command.Args[0] = "latchkey" // shown in lists of processes
		command.Stderr = os.Stderr
		// The settings are the server's. Some are valid only together with a flag of its command line.
		command.Env = slices.DeleteFunc(os.Environ(), func(variable string) bool { return strings.HasPrefix(variable, "LATCHKEY_") })
		return command
	}, hashWorkerIdle, log)
}

// ownProgram is the file that this program was started from. On Linux this name leads to it also after an upgrade has
// put another one in its place.
func ownProgram() string {
	const self = "/proc/self/exe"
	if _, err := os.Stat(self); err == nil {
		return self
	}
	path, _ := os.Executable() // "" cannot be started, and hashing then takes place here
	return path
}
