//go:build !linux

package postgrestest

import (
	"os"
	"os/exec"
)

var immediateShutdown, freeze, thawed = os.Interrupt, os.Interrupt, os.Interrupt

func (s *Server) processes() []int { return []int{s.postgres.Process.Pid} }

func giveAway(string) error { return nil }

func command(name string, arguments ...string) *exec.Cmd { return exec.Command(name, arguments...) }

// run starts a process, and closes ended after its end.
func run(c *exec.Cmd, ended chan<- struct{}) error {
	if err := c.Start(); err != nil {
		return err
	}
	go func() {
		_ = c.Wait()
		close(ended)
	}()
	return nil
}
