package postgrestest

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// immediateShutdown is the signal on which PostgreSQL ends without finishing anything.
const immediateShutdown = syscall.SIGQUIT

const (
	freeze = syscall.SIGSTOP
	thawed = syscall.SIGCONT
)

// processes returns the server's first process and its children.
func (s *Server) processes() []int {
	first := s.postgres.Process.Pid
	all := []int{first}
	children, _ := filepath.Glob("/proc/" + strconv.Itoa(first) + "/task/*/children")
	for _, list := range children {
		text, _ := os.ReadFile(list)
		for _, id := range strings.Fields(string(text)) {
			if child, err := strconv.Atoi(id); err == nil {
				all = append(all, child)
			}
		}
	}
	return all
}

// other is who runs the server when root runs the tests: PostgreSQL does not run as root.
func other() *syscall.Credential {
	if os.Geteuid() != 0 {
		return nil
	}
	found, err := user.Lookup("postgres")
	if err != nil {
		found = &user.User{Uid: "65534", Gid: "65534"}
	}
	uid, _ := strconv.ParseUint(found.Uid, 10, 32)
	gid, _ := strconv.ParseUint(found.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

func giveAway(folder string) error {
	if who := other(); who != nil {
		return os.Chown(folder, int(who.Uid), int(who.Gid))
	}
	return nil
}

func command(name string, arguments ...string) *exec.Cmd {
	c := exec.Command(name, arguments...)
	c.Dir = "/"
	c.Env = append(os.Environ(), "LC_ALL=C")
	// It ends with the tests, however they end.
	c.SysProcAttr = &syscall.SysProcAttr{Credential: other(), Pdeathsig: immediateShutdown}
	return c
}

// run starts a process, and closes ended after its end. The signal on which it ends is sent when the thread ends that
// started it, so that one is kept.
func run(c *exec.Cmd, ended chan<- struct{}) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := c.Start()
		started <- err
		if err == nil {
			_ = c.Wait()
			close(ended)
		}
	}()
	return <-started
}
