package password

import (
	"os"
	"strconv"
	"syscall"
)

// niceness of the process that hashes: whoever asks for a page comes first, and hashing still gets a tenth of a
// processor that pages could use up.
const niceness = 10

// firstToGo is added to the mark, of at most 1000, by which Linux chooses what to kill when memory runs out: this
// process can be replaced, the one that serves cannot.
const firstToGo = "500"

// lowerPriority makes this process nicer, and the first to go when memory runs out. Linux has a priority for each
// thread; new ones take it from the one that starts them.
func lowerPriority() {
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte(firstToGo), 0) // without it, Linux goes by size alone
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
