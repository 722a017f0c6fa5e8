package store

import (
	"path/filepath"
	"sync"
	"testing"
	"time"
)

func TestExpTwoOpens(t *testing.T) {
	fails := 0
	for i := range 200 {
		_ = i
		path := filepath.Join(t.TempDir(), "a.db")
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				begin := time.Now(); s, err := Open(t.Context(), path, 5*time.Second)
				if d := time.Since(begin); d > 300*time.Millisecond { t.Log("slow", d.Round(100*time.Millisecond)) }
				if err != nil {
					t.Log(err)
					fails++
					return
				}
				s.Close()
			})
		}
		wg.Wait()
	}
	t.Log("fails", fails)
}
