//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
)

// smallUsers and as many sessions are in the database that the large one is compared with.
const smallUsers = 100

// scale is the large database, from which expired rows are being removed, and a small one.
type scale struct {
	*bench
	large, small           *process
	largeHomes, smallHomes [][]byte
}

// measureScale fills the database with what has expired, so that the server removes it from its start on, and
// measures meanwhile.
func (b *bench) measureScale(ctx context.Context) (err error) {
	s := &scale{bench: b}
	quietHome, quietWrite, err := s.waitsWithoutCleanUp(ctx)
	if err != nil {
		return err
	}
	if err := expire(ctx, b.database, b.options.Sessions, b.options.Users); err != nil {
		return err
	}
	small, err := b.makeDataSet(ctx, "small.db", smallUsers, smallUsers)
	if err != nil {
		return err
	}
	if s.small, err = b.startServer(ctx, small); err != nil {
		return err
	}
	defer s.small.kill()
	if s.smallHomes, err = homeRequests(ctx, s.small, pacers); err != nil {
		return err
	}
	defer func() {
		if s.large != nil {
			s.large.kill()
		}
	}()
	if err := s.measureWaits(ctx, quietHome, quietWrite); err != nil {
		return err
	}
	if err := s.measureRates(ctx); err != nil {
		return err
	}
	return errors.Join(s.small.resume(), s.small.stop(), s.large.stop())
}

// waitsWithoutCleanUp paces the requests of measureWaits before anything has expired.
func (s *scale) waitsWithoutCleanUp(ctx context.Context) (home, write paced, err error) {
	server, err := s.startServer(ctx, s.database)
	if err != nil {
		return home, write, err
	}
	defer server.kill()
	// These sign-ins last, so that no time of the clean-up is spent on others.
	if s.largeHomes, err = homeRequests(ctx, server, pacers); err != nil {
		return home, write, err
	}
	progress("waits without clean-up …")
	if home, write, err = s.waits(ctx, server); err != nil {
		return home, write, err
	}
	return home, write, server.stop()
}

// waits paces home pages, which read, and checks of a username, which count in the database, each from a new address.
func (s *scale) waits(ctx context.Context, server *process) (home, write paced, err error) {
	lasts := s.options.window() * 3
	checks := make([][]byte, int(lasts.Seconds()*homePace)+1)
	for i := range checks {
		checks[i] = post("/signup/username", url.Values{"username": {fmt.Sprintf("newcomer%d", i)}},
			requestOptions{from: newAddress(), encodings: browserEncodings})
	}
	var writeErr error
	var both sync.WaitGroup
	both.Go(func() {
		write, writeErr = pace(ctx, server.address, homePace, lasts, http.StatusOK, checks)
	})
	home, err = pace(ctx, server.address, homePace, lasts, http.StatusOK, s.largeHomes)
	both.Wait()
	return home, write, errors.Join(err, writeErr)
}

// measureWaits looks for the request that waits longest while the expired rows are removed: first while sessions are,
// then, after another start, while sign-ins are. The large server is left running, with sign-ins to remove.
func (s *scale) measureWaits(ctx context.Context, quietHome, quietWrite paced) error {
	const against = "the longest of as many without clean-up"
	homes := s.report.begin("cleanup-longest-home", "ms", against, target{AtMost: 50, Worst: true})
	writes := s.report.begin("cleanup-longest-write", "ms", against, target{AtMost: 50, Worst: true})
	if err := s.small.hold(); err != nil {
		return err
	}
	if err := s.startLarge(ctx); err != nil {
		return err
	}
	err := s.measureWaitsNow(ctx, "sessions", homes, writes, quietHome, quietWrite)
	if err = errors.Join(err, s.large.stop()); err != nil {
		return err
	}
	if err := forgetExpiredSessions(ctx, s.database); err != nil {
		return err
	}
	if err := s.startLarge(ctx); err != nil {
		return err
	}
	return s.measureWaitsNow(ctx, "sign-ins", homes, writes, quietHome, quietWrite)
}

// startLarge starts the large server, and with it the clean-up.
func (s *scale) startLarge(ctx context.Context) error {
	server, err := s.startServer(ctx, s.database)
	if err == nil {
		s.large = server
	}
	return err
}

func (s *scale) measureWaitsNow(ctx context.Context, removed string, homes, writes *row, quietHome, quietWrite paced) error {
	home, write, err := s.waits(ctx, s.large)
	if err != nil {
		return err
	}
	for _, measured := range []struct {
		row         *row
		ours, quiet paced
	}{{homes, home, quietHome}, {writes, write, quietWrite}} {
		r, ours, quiet := measured.row, measured.ours, measured.quiet
		r.add(ours.percentile(100), quiet.percentile(100))
		r.note("while %s are removed, of %d requests the median took %.2f ms, the 99th percentile %.2f ms; without clean-up %.2f and %.2f ms",
			removed, len(ours.Latencies), ours.percentile(50), ours.percentile(99), quiet.percentile(50), quiet.percentile(99))
		r.note("%s", clientNote(ours))
	}
	return s.noteExpired(ctx, homes)
}

// measureRates compares the two databases while one is cleaned up. The server that is not measured is held.
func (s *scale) measureRates(ctx context.Context) error {
	against := fmt.Sprintf("the same with %d users and sessions, and nothing to clean up", smallUsers)
	homes := s.report.begin("scale-home", "req/s", against, target{RatioAtLeast: 0.90})
	measure := func(process, other *process, requests [][]byte) func() (float64, error) {
		return func() (float64, error) {
			if err := errors.Join(other.hold(), process.resume()); err != nil {
				return 0, err
			}
			return rate(ctx, s.options.warmUp(), s.options.window(), process.address, pacers, sending(requests, http.StatusOK))
		}
	}
	err := s.alternate(homes,
		measure(s.large, s.small, s.largeHomes), measure(s.small, s.large, s.smallHomes))
	if err != nil {
		return err
	}
	return errors.Join(s.large.resume(), s.noteExpired(ctx, homes))
}

// noteExpired says how much was left to clean up when the row had been measured.
func (s *scale) noteExpired(ctx context.Context, r *row) error {
	file, err := openBare(s.database)
	if err != nil {
		return err
	}
	defer file.Close()
	var sessions, signIns int
	err = file.QueryRowContext(ctx, `SELECT
		(SELECT count(*) FROM sessions WHERE expiry < julianday('now')),
		(SELECT count(*) FROM sign_ins WHERE remembered = 0 AND last_seen_at < unixepoch('now', '-1 day'))`).Scan(&sessions, &signIns)
	if err != nil {
		return err
	}
	r.note("then %d of %d expired sessions and %d of as many sign-ins were left to remove", sessions, s.options.Sessions, signIns)
	if sessions+signIns == 0 {
		r.note("NOTE the clean-up was over before this row was measured to its end: use more --sessions or fewer --seconds")
	}
	if s.options.Quick {
		r.note("scaled down: the target is for 1000000 users and sessions")
	}
	return nil
}
