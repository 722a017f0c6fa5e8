package password

import (
	"os"
	"strconv"
	"syscall"
)

// niceness of the process that hashes: whoever asks for a page comes first, and hashing still gets a tenth of a
// processor that pages could use up.
const niceness = 10

// lowerPriority makes this process nicer. Linux has a priority for each thread; new ones take it from the one that
// starts them.
func lowerPriority() {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return
	}
	for _, thread := range threads {
		if id, err := strconv.Atoi(thread.Name()); err == nil {
			_ = syscall.Setpriority(syscall.PRIO_PROCESS, id, niceness) // without it, hashing is only less polite
		}
	}
}
