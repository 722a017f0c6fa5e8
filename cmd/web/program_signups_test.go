//go:build unix

package main

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// signups are people who sign up one after the other, several at once, until they are ended or the program is.
type signups struct {
	running sync.WaitGroup
	over    chan struct{}

	mu    sync.Mutex
	names []string
}

func (p *program) streamSignups() *signups {
	s := &signups{over: make(chan struct{})}
	for writer := range 4 {
		b := p.browser().stay()
		s.running.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-s.over:
					return
				default:
				}
				name := fmt.Sprintf("writer%d-%d", writer, i)
				form := url.Values{"username": {name}, "password": {goodPassword}}
				request, err := http.NewRequest(http.MethodPost, p.url("/signup"), strings.NewReader(form.Encode()))
				if err != nil {
					p.t.Error(err)
					return
				}
				request.Header = b.header.Clone()
				request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				response, err := b.client.Do(request)
				if err != nil {
					return // killed
				}
				response.Body.Close()
				if response.StatusCode != http.StatusSeeOther {
					p.t.Errorf("status %d", response.StatusCode)
					return
				}
				s.mu.Lock()
				s.names = append(s.names, name)
				s.mu.Unlock()
			}
		})
	}
	return s
}

// acknowledged are those who were told that they have an account.
func (s *signups) acknowledged() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.names)
}

func (s *signups) end() {
	close(s.over)
	s.running.Wait()
}
