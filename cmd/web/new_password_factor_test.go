package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestNewPasswordAsksForASecondFactorThatWasAddedMeanwhile adds one at each moment at which the request looks at the clock.
func TestNewPasswordAsksForASecondFactorThatWasAddedMeanwhile(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var readings atomic.Int64
	add, now := func() {}, s.app.now
	s.app.now = func() time.Time {
		if readings.Add(-1) == 0 {
			add()
		}
		return now()
	}
	for name, begin := range map[string]func(username string) (path string, fields []string){
		"recover": func(username string) (string, []string) {
			return "/recover", []string{"username", username, "code", s.saveRecoveryCode(username), "password", newPassword}
		},
		"link": func(username string) (string, []string) {
			path, link := newPasswordLink(s.clock.Now())
			s.exec("INSERT INTO password_links (uid, token_hash, expires_at) SELECT uid, ?, ? FROM users WHERE username = ?",
				link.TokenHash, link.Expires.Unix(), username)
			return path, []string{"password", newPassword}
		},
	} {
		asked := 0
		for moment := 1; ; moment++ {
			username := fmt.Sprint(name, moment)
			s.signUp(username)
			path, fields := begin(username)
			var added atomic.Bool
			add = func() {
				added.Store(true)
				s.exec("INSERT INTO totp (uid, sealed, key_id, created_at, last_step) SELECT uid, ?, ?, 0, 0 FROM users WHERE username = ?",
					[]byte{0}, []byte{0}, username)
			}
			readings.Store(int64(moment))
			answer := s.browser().post(path, fields...)
			readings.Store(0)
			if !added.Load() {
				break
			}
			switch answer.status {
			case http.StatusOK: // it came too late for this
			case http.StatusUnprocessableEntity:
				asked++
				answer.want("Code cannot be empty.", "Type your password again.")
				for i := 0; i+2 < len(fields); i += 2 {
					if !strings.Contains(answer.body, `value="`+fields[i+1]+`"`) {
						t.Errorf("%s: %s is lost", name, fields[i])
					}
				}
				s.exec("DELETE FROM totp")
				s.browser().post(path, fields...).wantStatus(http.StatusOK) // code and link are still good
			default:
				t.Errorf("%s, at moment %d: status %d", name, moment, answer.status)
			}
			s.exec("DELETE FROM totp")
		}
		if asked < 2 {
			t.Errorf("%s: a second factor was asked for only %d times", name, asked)
		}
	}
}
