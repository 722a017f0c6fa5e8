//go:build linux

package main

import (
	"context"
	"time"
)

// starts is how many starts are measured.
const starts = 7

// measureStart measures from exec to the first page.
func (b *bench) measureStart(ctx context.Context) error {
	r := b.report.begin("start", "ms", "", target{AtMost: 50})
	for range starts {
		began := time.Now()
		server, err := b.startServer(ctx, b.database)
		if err != nil {
			return err
		}
		r.Ours = append(r.Ours, milliseconds(time.Since(began)))
		if err := server.stop(); err != nil {
			return err
		}
	}
	r.note("%d starts", starts)
	return nil
}

// measureIdle measures the memory of a server that has sent one page.
func (b *bench) measureIdle(ctx context.Context) error {
	r := b.report.begin("idle-memory", "MiB", "", target{AtMost: 30, Worst: true})
	server, err := b.startServer(ctx, b.database)
	if err != nil {
		return err
	}
	defer server.kill()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(2 * time.Second):
	}
	pids, err := server.family()
	if err != nil {
		return err
	}
	idle, err := resident(pids)
	if err != nil {
		return err
	}
	r.Ours = append(r.Ours, idle)
	return server.stop()
}
