package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"latchkey/components"
	"latchkey/internal/store"
)

// sessionStore is scs's own store, but for the question that each request asks, and for writing: what scs would write
// is kept in the request's context until the store takes it.
type sessionStore struct {
	scs.Store
	store *store.Store
}

// FindCtx implements scs.CtxStore.
func (s sessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	return s.store.FindSession(ctx, token)
}

// CommitCtx implements scs.CtxStore.
func (s sessionStore) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	change := changeOf(ctx)
	row := &store.SessionRow{TokenHash: token, Loaded: token == change.loaded, Data: data, Expires: expiry}
	if written := change.written; written != nil && written.TokenHash == token {
		row.Loaded = true
		if bytes.Equal(written.Data, data) {
			row = nil
		}
	}
	change.Saved = row
	return nil
}

// DeleteCtx implements scs.CtxStore.
func (s sessionStore) DeleteCtx(ctx context.Context, token string) error {
	if token != hashOfNoToken { // a session that was never written
		change := changeOf(ctx)
		change.Deleted = append(change.Deleted, token)
	}
	return nil
}

// hashOfNoToken is the hash that scs makes of the empty token of a new session (SHA-256 in base64).
const hashOfNoToken = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"

// hashOfToken is the one that scs makes.
func hashOfToken(token string) string {
	hash := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(hash[:])
}

// sessionChange holds what a request has to write of its session, and what it has written.
type sessionChange struct {
	store.SessionChange
	// loaded is the hash of the token that the browser sent, and "" when that named no session.
	loaded  string
	written *store.SessionRow
}

type sessionChangeKey struct{}

func withSessionChange(ctx context.Context) context.Context {
	return context.WithValue(ctx, sessionChangeKey{}, &sessionChange{})
}

func changeOf(ctx context.Context) *sessionChange {
	return ctx.Value(sessionChangeKey{}).(*sessionChange)
}

// sessionWritten notes that all of it is in the database.
func sessionWritten(ctx context.Context) {
	change := changeOf(ctx)
	if change.Saved != nil {
		change.written = change.Saved
	}
	change.SessionChange = store.SessionChange{}
}

// sessionCodec is the form of a session in the database: a line for each thing it holds, because a person can read
// that there, because a damaged row is then an empty session, and no error, and because each page decodes one.
type sessionCodec struct{}

const (
	deadlineLine  = "deadline" // Unix nanoseconds
	rememberLine  = "remember"
	signInLine    = "sign-in"
	runLine       = "run"
	halfLoginLine = "half-login"
	challengeLine = "challenge"
	// quoted as in Go
	flashLine      = "flash"
	draftLine      = "draft"
	draftFieldLine = "draft-field"
)

// Encode implements scs.Codec.
func (sessionCodec) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	var lines strings.Builder
	add := func(kind, value string) {
		lines.WriteString(kind + " " + value + "\n")
	}
	add(deadlineLine, strconv.FormatInt(deadline.UnixNano(), 10))
	if remember, _ := values[rememberKey].(bool); remember {
		add(rememberLine, "")
	}
	signIns, _ := values[signInsKey].([]string)
	for _, id := range signIns {
		add(signInLine, id)
	}
	if run, _ := values[runKey].(string); run != "" {
		add(runLine, run)
	}
	if half, _ := values[halfLoginKey].(string); half != "" {
		add(halfLoginLine, half)
	}
	challenges, _ := values[challengesKey].([]passkeyChallenge)
	for _, challenge := range challenges {
		add(challengeLine, challenge.String())
	}
	if form, ok := values[draftKey].(draft); ok {
		add(draftLine, strconv.Quote(form.path))
		for _, field := range form.fields {
			add(draftFieldLine, field.Name+" "+strconv.Quote(field.Value))
		}
	}
	flashes, _ := values[flashesKey].([]components.Flash)
	for _, flash := range flashes {
		add(flashLine, strconv.Quote(flash.Text))
	}
	return []byte(lines.String()), nil
}

// Decode implements scs.Codec.
func (sessionCodec) Decode(data []byte) (time.Time, map[string]any, error) {
	var deadline int64
	var remember bool
	var signIns []string
	var flashes []components.Flash
	var run, half string
	var challenges []passkeyChallenge
	var form draft
	for line := range strings.Lines(string(data)) {
		kind, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch kind {
		case deadlineLine:
			deadline, _ = strconv.ParseInt(value, 10, 64)
		case rememberLine:
			remember = true
		case signInLine:
			signIns = append(signIns, value)
		case runLine:
			run = value
		case halfLoginLine:
			half = value
		case challengeLine:
			challenges = append(challenges, readChallenge(value))
		case draftLine:
			form.path, _ = strconv.Unquote(value)
		case draftFieldLine:
			name, quoted, _ := strings.Cut(value, " ")
			if typed, err := strconv.Unquote(quoted); err == nil {
				form.fields = append(form.fields, components.Carried{Name: name, Value: typed})
			}
		case flashLine:
			if text, err := strconv.Unquote(value); err == nil {
				flashes = append(flashes, components.Flash{Text: text})
			}
		}
	}
	values := map[string]any{}
	if deadline == 0 {
		return time.Now().Add(visitorLifetime), values, nil
	}
	if len(signIns) > 0 {
		values[signInsKey] = signIns
		values[rememberKey] = remember
	}
	if run != "" {
		values[runKey] = run
	}
	if half != "" {
		values[halfLoginKey] = half
	}
	if len(challenges) > 0 {
		values[challengesKey] = challenges
	}
	if form.path != "" {
		values[draftKey] = form
	}
	if len(flashes) > 0 {
		values[flashesKey] = flashes
	}
	return time.Unix(0, deadline), values, nil
}
