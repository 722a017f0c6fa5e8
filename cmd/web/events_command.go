package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"latchkey/internal/store"
	"latchkey/internal/username"
)

type eventsCommand struct {
	User   *string `placeholder:"NAME" env:"-" help:"Of this account alone."` // nil: not given, which is not the same as empty
	Follow bool    `env:"-" help:"Go on until stopped, and show events as they come."`
	JSON   bool    `name:"json" env:"-" help:"One JSON object a line."`
}

// eventsAtOnce are read in one query. A longer read would keep the write-ahead log from being merged.
const eventsAtOnce = 500

// followEvery is how soon --follow shows an event.
const followEvery = time.Second

type eventJSON struct {
	ID        int64           `json:"id"`
	At        time.Time       `json:"at"`
	Username  string          `json:"username,omitempty"`
	Event     store.EventKind `json:"event"`
	By        store.Actor     `json:"by"`
	Address   string          `json:"address,omitempty"`
	UserAgent string          `json:"user_agent,omitempty"`
}

func (e eventsCommand) Run(ctx context.Context, to output, s *settings) error {
	show := func(db *store.Store, uid int64) error {
		seen := seenEvents{lately: map[int64]time.Time{}}
		for {
			err := e.showNew(ctx, to, db, uid, &seen)
			if e.Follow && ctx.Err() != nil {
				return nil
			}
			if err != nil || !e.Follow {
				return err
			}
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(followEvery):
			}
		}
	}
	if e.User == nil {
		return reading(ctx, s, func(db *store.Store) error { return show(db, 0) })
	}
	name, problem := username.Lookup(*e.User)
	if problem != "" {
		return fmt.Errorf("%q: %s", *e.User, problem)
	}
	return reading(ctx, s, func(db *store.Store) error {
		user, err := userNamed(ctx, db, name)
		if err != nil {
			return err
		}
		return show(db, user.UID)
	})
}

// showNew shows the events that have come since it was called last.
func (e eventsCommand) showNew(ctx context.Context, to output, db *store.Store, uid int64, seen *seenEvents) error {
	for after := seen.settled; ; {
		events, err := db.EventsAfter(ctx, uid, after, eventsAtOnce)
		if err != nil {
			return err
		}
		for _, event := range events {
			after = event.ID
			if !seen.add(event) {
				continue
			}
			if err := e.print(to, event); err != nil {
				return err
			}
		}
		seen.settle(time.Now())
		if len(events) < eventsAtOnce {
			return nil
		}
	}
}

// lateEvents is how long an event may come after one with a higher id: PostgreSQL gives ids out while transactions are
// under way.
const lateEvents = 10 * time.Second

// seenEvents knows which events have been shown. No event comes any more with an id up to settled.
type seenEvents struct {
	settled int64
	lately  map[int64]time.Time
}

// add reports whether the event is new.
func (s *seenEvents) add(event store.LoggedEvent) bool {
	_, known := s.lately[event.ID]
	s.lately[event.ID] = event.At
	return !known
}

func (s *seenEvents) settle(now time.Time) {
	for id, at := range s.lately {
		if now.Sub(at) > lateEvents {
			s.settled = max(s.settled, id)
		}
	}
	for id := range s.lately {
		if id <= s.settled {
			delete(s.lately, id)
		}
	}
}

func (e eventsCommand) print(to output, event store.LoggedEvent) error {
	if e.JSON {
		return json.NewEncoder(to.out).Encode(eventJSON{
			ID: event.ID, At: event.At.UTC(), Username: event.Username, Event: event.Kind, By: event.By,
			Address: event.Address, UserAgent: event.UserAgent,
		})
	}
	who := event.Username
	if who == "" {
		who = "(no account)"
	}
	where := "by an administrator"
	if event.By == store.Owner {
		where = "from " + event.Address + ", " + browserInWords(event.UserAgent)
	}
	_, err := fmt.Fprintf(to.out, "%s  %-20s  %-20s  %s\n", event.At.UTC().Format("2006-01-02 15:04:05"), who, event.Kind, where)
	return err
}
