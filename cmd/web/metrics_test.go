package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/password"
)

// metrics is what Prometheus would read now: series, with labels, to value.
func (s *site) metrics() map[string]string {
	s.t.Helper()
	answer := httptest.NewRecorder()
	s.app.metricsHandler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "http://localhost/metrics", nil))
	if answer.Code != http.StatusOK {
		s.t.Fatalf("GET /metrics: %d", answer.Code)
	}
	found := map[string]string{}
	for line := range strings.Lines(answer.Body.String()) {
		if !strings.HasPrefix(line, "#") {
			at := strings.LastIndex(line, " ")
			found[line[:at]] = strings.TrimSpace(line[at:])
		}
	}
	return found
}

func (s *site) wantMetrics(want map[string]string) {
	s.t.Helper()
	got := s.metrics()
	for series, value := range want {
		if got[series] != value {
			s.t.Errorf("%s is %q, want %q", series, got[series], value)
		}
	}
}

func TestMetricsShowWhatVisitorsDo(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob", "--unknown-browser-failures=2")
	s.signedIn("bob").get("/user/bob").wantStatus(http.StatusOK)
	stranger := s.browser()
	stranger.post("/login", "username", "bob", "password", "wrong 1").wantStatus(http.StatusUnauthorized)
	stranger.post("/login", "username", "bob", "password", "wrong 2").wantStatus(http.StatusUnauthorized)
	stranger.post("/login", "username", "bob", "password", "wrong 3").wantStatus(http.StatusTooManyRequests)
	stranger.get("/nothing/here").wantStatus(http.StatusNotFound)

	s.wantMetrics(map[string]string{
		`latchkey_logins_total{outcome="succeeded"}`:                                            "1",
		`latchkey_logins_total{outcome="failed"}`:                                               "2",
		`latchkey_logins_total{outcome="throttled"}`:                                            "1",
		`latchkey_security_events_total{event="account created"}`:                               "1",
		`latchkey_security_events_total{event="login throttled"}`:                               "1",
		`latchkey_http_requests_total{method="POST",route="/login",status="303"}`:               "1",
		`latchkey_http_requests_total{method="POST",route="/login",status="401"}`:               "2",
		`latchkey_http_requests_total{method="POST",route="/login",status="429"}`:               "1",
		`latchkey_http_request_duration_seconds_count{method="POST",route="/login"}`:            "4",
		`latchkey_http_request_duration_seconds_bucket{method="POST",route="/login",le="+Inf"}`: "4",
		`latchkey_http_requests_total{method="GET",route="/user/:username",status="200"}`:       "2",
		`latchkey_live_sign_ins`:  "1",
		`latchkey_hashes_running`: "0",
		`latchkey_hashes_waiting`: "0",
	})
	for series, value := range s.metrics() {
		if strings.HasPrefix(series, "latchkey_database_size_bytes") && value == "0" {
			t.Errorf("%s is 0", series)
		}
		if strings.Contains(series, "bob") || strings.Contains(series, "nothing") || strings.Contains(series, "127.0.0.1") {
			t.Errorf("a series holds what a visitor chose: %s", series)
		}
	}
	s.clock.Advance(3 * time.Hour) // longer than an unused sign-in lasts
	s.wantMetrics(map[string]string{`latchkey_live_sign_ins`: "0"})
}

// holdHashes has each computation wait for release. It must come before the first.
func (s *site) holdHashes() (release func()) {
	held := make(chan struct{})
	release = sync.OnceFunc(func() { close(held) })
	s.t.Cleanup(release)
	s.app.hasher.Observe(func(password.Params) { <-held })
	return release
}

// waitForHashes waits until so many computations run and so many wait for their turn.
func (s *site) waitForHashes(running, waiting int) {
	s.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		if r, w := s.app.hasher.Load(); r == running && w == waiting {
			return
		} else if time.Now().After(deadline) {
			s.t.Fatalf("%d hashes run and %d wait, want %d and %d", r, w, running, waiting)
		}
	}
}

func TestMetricsShowHashesThatRunAndWait(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	release := s.holdHashes()
	logins := sync.WaitGroup{}
	for i := range runtime.NumCPU() + 3 {
		logins.Go(func() { s.browser().post("/login", "username", fmt.Sprint("nobody", i), "password", "wrong") })
	}
	s.waitForHashes(runtime.NumCPU(), 3)
	s.wantMetrics(map[string]string{"latchkey_hashes_running": fmt.Sprint(runtime.NumCPU()), "latchkey_hashes_waiting": "3"})
	release()
	logins.Wait()
	s.wantMetrics(map[string]string{"latchkey_hashes_running": "0", "latchkey_hashes_waiting": "0"})
}

func TestMetricsGetNoSeriesFromVisitors(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, method := range []string{"BREW", "WHEN", "PROPFIND"} {
		request, err := http.NewRequest(method, s.server.URL+"/login", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := s.server.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
	}
	s.wantMetrics(map[string]string{`latchkey_http_requests_total{method="other",route="/login",status="405"}`: "3"})
}

func TestMetricsWithoutADatabaseLeaveOutItsNumbers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.exec("DROP TABLE sign_ins")
	got := s.metrics()
	if _, there := got["latchkey_live_sign_ins"]; there {
		t.Error("live sign-ins are counted without their table")
	}
	if got["latchkey_hashes_running"] != "0" {
		t.Error("the other metrics went with it")
	}
}

func TestMetricsAreOnAnAddressOfTheirOwnAndOffByDefault(t *testing.T) {
	t.Parallel()
	p := startProgram(t, append(cheap, "--metrics-addr=localhost:0")...)
	_, after, found := strings.Cut(p.log.String(), "metrics are at ")
	if !found {
		t.Fatalf("the log does not say where the metrics are:\n%s", p.log)
	}
	address, _, _ := strings.Cut(after, `"`)
	response, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || !strings.Contains(string(body), "\nlatchkey_live_sign_ins 0\n") {
		t.Errorf("%s: %s, %v\n%s", address, response.Status, err, body)
	}
	p.browser().get("/metrics").wantStatus(http.StatusNotFound)
	p.stop()
	if _, err := http.Get(address); err == nil {
		t.Error("the metrics outlive the program")
	}

	without := startProgram(t, cheap...)
	if strings.Contains(without.log.String(), "metrics") {
		t.Errorf("metrics are served without --metrics-addr:\n%s", without.log)
	}
	without.browser().get("/metrics").wantStatus(http.StatusNotFound)
	without.stop()
}
