//go:build linux

package main

import (
	"debug/buildinfo"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// environment is what the numbers depend on.
type environment struct {
	Date       time.Time         `json:"date"`
	CPU        string            `json:"cpu"`
	Processors int               `json:"processors"`
	Kernel     string            `json:"kernel"`
	Go         string            `json:"go"`
	Modules    map[string]string `json:"modules"`
	Revision   string            `json:"revision"`
	Server     string            `json:"server"`
	Folder     string            `json:"folder"`
	Users      int               `json:"users"`
	Sessions   int               `json:"sessions"`
	Rounds     int               `json:"rounds"`
	// Window is how long one measurement takes, in seconds.
	Window float64 `json:"window"`
	Quick  bool    `json:"quick"`
}

// shownModules are those whose version matters most, by the last part of their path.
var shownModules = []string{"modernc.org/sqlite", "github.com/labstack/echo/v4", "github.com/a-h/templ", "github.com/alexedwards/scs/v2"}

func newReport(b *bench) (*report, error) {
	info, err := buildinfo.ReadFile(b.binary)
	if err != nil {
		return nil, err
	}
	o := b.options
	e := environment{
		Date: time.Now().UTC().Truncate(time.Second), CPU: cpuModel(), Processors: runtime.GOMAXPROCS(0), Kernel: kernel(),
		Go: info.GoVersion, Modules: map[string]string{}, Revision: revision(), Server: "current tree", Folder: b.folder,
		Users: o.Users, Sessions: o.Sessions, Rounds: o.Rounds, Window: o.Seconds, Quick: o.Quick,
	}
	if o.Server != "" {
		e.Server, e.Revision = o.Server, "unknown"
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				e.Revision = setting.Value
			}
		}
	}
	for _, module := range info.Deps {
		for _, shown := range shownModules {
			if module.Path == shown {
				e.Modules[shown] = module.Version
			}
		}
	}
	return &report{environment: e}, nil
}

func cpuModel() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(name) == "model name" {
				return strings.TrimSpace(value)
			}
		}
	}
	return runtime.GOARCH
}

func kernel() string {
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(text))
}

func revision() string {
	text, err := exec.Command("git", "describe", "--always", "--dirty", "--abbrev=12").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(text))
}

func (e environment) printHeader(to io.Writer) {
	fmt.Fprintf(to, "Latchkey %s (%s) on %s\n", e.Revision, e.Server, e.Date.Format(time.RFC3339))
	fmt.Fprintf(to, "%s, %d processors, Linux %s, %s\n", e.CPU, e.Processors, e.Kernel, e.Go)
	for _, module := range shownModules {
		fmt.Fprintf(to, "%s %s  ", module, e.Modules[module])
	}
	fmt.Fprintf(to, "\n%d users, %d sessions; %d rounds of %g seconds; files in %s\n", e.Users, e.Sessions, e.Rounds, e.Window, e.Folder)
}
