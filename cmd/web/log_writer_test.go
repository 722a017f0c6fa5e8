package main

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// A stuckStream takes nothing until it is let go.
type stuckStream struct {
	logBuffer
	letGo chan bool
}

func (s *stuckStream) Write(lines []byte) (int, error) {
	<-s.letGo
	return s.logBuffer.Write(lines)
}

func TestLogThatNobodyReadsLosesRequestsBeforeEventsAndSaysHowMany(t *testing.T) {
	t.Parallel()
	stream := &stuckStream{letGo: make(chan bool)}
	lines := newLogWriter(stream, func(lost int) []byte { return lostLine("text", lost) })
	log := newLogger("text", lines.upTo(maxLogQueue), lines.upTo(maxRequestQueue))
	const requests, events = 10_000, 1000
	long := strings.Repeat("x", 100)
	for i := range requests {
		log.Info(requestLine, "number", i, "text", long)
		if i%(requests/events) == 0 {
			log.Info("security", "event", i/(requests/events), "text", long)
		}
	}
	close(stream.letGo)
	lines.close()

	seen := map[string]int{}
	last := -1
	for line := range strings.Lines(stream.String()) {
		field := regexp.MustCompile(`msg=(\w+) (?:number|event)=(\d+)|lines=(\d+)`).FindStringSubmatch(line)
		if field == nil {
			t.Fatalf("a line cut in two: %q", line)
		}
		if field[1] == "" {
			lost, _ := strconv.Atoi(field[3])
			seen["lost"] += lost
			continue
		}
		number, _ := strconv.Atoi(field[2])
		if field[1] == "security" {
			number *= requests / events
		}
		if number < last {
			t.Errorf("%d comes after %d", number, last)
		}
		last = number
		seen[field[1]]++
	}
	if seen["security"] != events || seen["lost"] == 0 || seen[requestLine]+seen["lost"] != requests {
		t.Errorf("of %d requests and %d events there are %v", requests, events, seen)
	}
}

func TestLogLinesOfManyAtOnceAllArriveWhole(t *testing.T) {
	t.Parallel()
	stream := &logBuffer{}
	lines := newLogWriter(stream, func(lost int) []byte { return lostLine("text", lost) })
	log := newLogger("text", lines.upTo(maxLogQueue), lines.upTo(maxRequestQueue))
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for range 100 {
				log.Info(requestLine)
				log.Info("security")
			}
		})
	}
	writers.Wait()
	lines.close()
	if all := regexp.MustCompile(`(?m)^time=\S+ level=INFO msg=(request|security)$`).FindAllString(stream.String(), -1); len(all) != 1600 {
		t.Errorf("%d whole lines, want 1600", len(all))
	}
}

// A fullDisk fails until there is room.
type fullDisk struct {
	logBuffer
	room atomic.Bool
}

func (d *fullDisk) Write(lines []byte) (int, error) {
	if !d.room.Load() {
		return 0, fmt.Errorf("disk full: %w", io.ErrShortWrite)
	}
	return d.logBuffer.Write(lines)
}

func TestLogThatCouldNotBeWrittenSaysSoAfterwards(t *testing.T) {
	t.Parallel()
	disk := &fullDisk{}
	lines := newLogWriter(disk, func(lost int) []byte { return lostLine("json", lost) })
	log := newLogger("json", lines.upTo(maxLogQueue), lines.upTo(maxRequestQueue))
	for range 3 {
		log.Info(requestLine)
	}
	for lost := 0; lost != 3; {
		lines.mu.Lock()
		lost = lines.lost
		lines.mu.Unlock()
	}
	disk.room.Store(true) // the writer waits for the next line
	log.Info("after")
	lines.close()
	if text := disk.String(); !strings.Contains(text, `"msg":"after"`) || !strings.Contains(text, `"lines":3}`) {
		t.Errorf("the log is %s", text)
	}
}
