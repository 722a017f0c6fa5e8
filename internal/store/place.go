package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// A place is a path and the file that was opened there. Once another file is at the path, or none, all connections end:
// what is written to a file that was moved away is lost, and a uid of one file may be another person's in the next.
type place struct {
	path string
	file atomic.Pointer[placed]
	// trouble is why the file that is at the path now cannot be used.
	trouble atomic.Pointer[error]
}

// placed is a file that was opened at a place.
type placed struct {
	info os.FileInfo
	// held keeps the number of the file from being given to a new one. It must not be closed while a connection is open:
	// that would end SQLite's locks (POSIX.1-2024, fcntl).
	held *os.File
	// path leads to the file through no symbolic link. SQLite keeps the write-ahead log and its index beside it.
	path string
	// left says that the file was seen not to be at the place. That is final, wherever it is moved later.
	left atomic.Bool

	closing sync.Mutex // held while a connection to a file that has left ends

	mu          sync.Mutex
	connections int
	log, index  os.FileInfo // nil: never seen
	released    bool
}

func newPlace(path string, held *os.File) (*place, error) {
	info, err := held.Stat()
	if err != nil {
		return nil, err
	}
	resolved, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, err
	}
	p := &place{path: path}
	p.file.Store(&placed{info: info, held: held, path: resolved})
	return p, nil
}

// now returns the file that was opened, if it is at the path, and ErrUnavailable if it is not. It costs one stat.
func (p *place) now() (*placed, error) {
	file := p.file.Load()
	if !file.left.Load() {
		if isAt(file.info, p.path) {
			return file, nil
		}
		file.left.Store(true)
	}
	return nil, p.replaced()
}

func (p *place) replaced() error {
	if trouble := p.trouble.Load(); trouble != nil {
		return *trouble
	}
	return unavailableError{fmt.Errorf("the database file %s was moved, removed or replaced", p.path)}
}

func isAt(file os.FileInfo, path string) bool {
	found, err := os.Stat(path)
	return err == nil && file != nil && os.SameFile(file, found)
}

// seeLog remembers which files are the write-ahead log and its index. They stay the same while a connection is open.
func (f *placed) seeLog() {
	log, _ := os.Stat(f.path + "-wal")
	index, _ := os.Stat(f.path + "-shm")
	f.mu.Lock()
	defer f.mu.Unlock()
	f.log, f.index = log, index
}

func (f *placed) count(change int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.connections += change
}

func (f *placed) inUse() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.connections > 0
}

// clear removes what a file that was moved alone has left of itself: an empty log, and its index, with which the next
// file would be misread. A log that could not be emptied stays, and is an error.
func (f *placed) clear() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.connections > 0 || isAt(f.info, f.path) {
		return nil
	}
	if log := f.path + "-wal"; isAt(f.log, log) {
		if left, err := os.Stat(log); err != nil || left.Size() > 0 {
			return unavailableError{fmt.Errorf("%s belongs to the file that was there before; move it away, too", log)}
		}
		if err := os.Remove(log); err != nil {
			return unavailableError{err}
		}
	}
	if index := f.path + "-shm"; isAt(f.index, index) {
		if err := os.Remove(index); err != nil {
			return unavailableError{err}
		}
	}
	return nil
}

// pinned is the key of the file in a context.
type pinned struct{}

// Pin returns a context in which every query is of the file that is open now. Once another one is open they fail with
// ErrUnavailable.
func (s *Store) Pin(ctx context.Context) context.Context {
	if s.file == nil {
		return ctx
	}
	return context.WithValue(ctx, pinned{}, s.file.place.file.Load())
}

func wantPinned(ctx context.Context, file *placed) error {
	if want, ok := ctx.Value(pinned{}).(*placed); ok && want != file {
		return unavailableError{errors.New("the database file was replaced in the meantime")}
	}
	return nil
}

// Follow looks whether the file is still the one at the path. When it is not, the first call closes it and says so with
// an error, and each later one tries to open what is there then, as Open would, but never makes a file. Until that
// succeeds, all queries fail with ErrUnavailable. Call it once a second.
func (s *Store) Follow(ctx context.Context) error {
	if s.file == nil {
		return nil
	}
	if _, err := s.file.place.now(); err == nil {
		return nil
	}
	if !s.file.following.TryLock() {
		return s.file.place.replaced()
	}
	defer s.file.following.Unlock()
	if _, err := s.file.place.now(); err == nil {
		return nil
	}
	old := s.file.place.file.Load()
	if !old.released {
		err := s.file.place.replaced()
		old.released = s.release(ctx, old)
		return err
	}
	next, err := s.openNext(ctx, old)
	if err != nil {
		s.file.place.trouble.Store(&err)
		return err
	}
	_ = old.held.Close()
	s.collected.take() // it names accounts of the old file
	s.file.place.trouble.Store(nil)
	s.file.place.file.Store(next)
	return nil
}

// release waits until nobody uses the file any more, for as long as a query may take.
func (s *Store) release(ctx context.Context, file *placed) (released bool) {
	s.Reopen()
	for deadline := time.Now().Add(s.busyTimeout); file.inUse(); time.Sleep(10 * time.Millisecond) {
		if ctx.Err() != nil || time.Now().After(deadline) {
			return false
		}
	}
	return true
}

func (s *Store) openNext(ctx context.Context, old *placed) (*placed, error) {
	if err := old.clear(); err != nil {
		return nil, err
	}
	if err := inspect(ctx, s.file.path, s.busyTimeout, readWrite, orOlder); err != nil {
		return nil, unavailableError{fmt.Errorf("open database %s: %w", s.file.path, err)}
	}
	next, err := openAs(ctx, s.file.path, s.busyTimeout, opening{readWrite, os.O_RDWR, true})
	if err != nil {
		return nil, unavailableError{err}
	}
	return next.file.place.file.Load(), next.closePools()
}
