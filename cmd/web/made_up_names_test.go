package main

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

func TestLimitsAfterTenThousandMadeUpNamesKeepNobodyElseOut(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]func(i int) string{
		"one address":    func(int) string { return "203.0.113.7" },
		"many addresses": func(i int) string { return fmt.Sprintf("10.0.%d.%d", i/256, i%256) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSiteFor(t, "bob", "--trusted-proxy=127.0.0.1")
			statuses := map[int]int{}
			for i := range madeUpNames {
				statuses[s.serve("/login", http.Header{"X-Forwarded-For": {address(i)}}, "username", fmt.Sprint("name", i), "password", "wrong").Code]++
				if i%100 == 99 { // as the program does each second
					if err := s.app.store.WriteCollected(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
			}
			if name == "one address" && statuses[http.StatusUnauthorized] > 110 || statuses[http.StatusUnauthorized]+statuses[http.StatusTooManyRequests] != madeUpNames {
				t.Errorf("answers %v", statuses)
			}
			s.from("203.0.113.8").logIn("bob")
			s.clock.Advance(31 * 24 * time.Hour)
			s.app.cleanUp(t.Context())
			if left := s.query("SELECT (SELECT count(*) FROM throttle) || ' ' || (SELECT count(*) <= 402 FROM events)"); left != "0 1" {
				t.Errorf("counters and events left: %s", left)
			}
		})
	}
}

func TestLimitsOfMadeUpNamesDoNotFillTheDisk(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250000)
		INSERT INTO throttle (key, failures, free_at, forget_at) SELECT CAST(printf('%016d', i) AS BLOB), 1 + i % 2, 0, 9999999999 FROM n`)
	s.app.cleanUp(t.Context())
	if left := s.query("SELECT count(*) <= 200000 AND sum(failures = 2) >= 124000 FROM throttle"); left != "1" {
		t.Errorf("left: %s, of them with two failures: %s", s.query("SELECT count(*) FROM throttle"), s.query("SELECT sum(failures = 2) FROM throttle"))
	}
	s.exec("DELETE FROM throttle")
	s.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
		INSERT INTO throttle (key, failures, free_at, forget_at) SELECT CAST(i AS BLOB), 1, 0, 1 FROM n`)
	s.app.cleanUp(t.Context())
	if left := s.query("SELECT count(*) FROM throttle"); left != "0" {
		t.Errorf("%s counters are kept that no longer matter", left)
	}
}
