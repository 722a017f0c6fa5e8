package main

import (
	"crypto/sha1"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/internal/password"
)

func TestSignupRefusesPasswordsThatAreEasyToGuessAndSaysWhy(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for chosen, why := range map[string]string{
		"abcd1234!":                           "attackers try first",
		"!1q2w3e4r5t":                         "attackers try first",
		"qwer1234!":                           "attackers try first",
		"ｐａｓｓｗｏｒｄ":                            "attackers try first",
		"qwertzuiop":                          "a simple sequence",
		"dfghjkjhg":                           "a simple sequence",
		"ｌａｔｃｈｋｅｙ１！":                          "too much like this site's name",
		"!zbig77niew5":                        "too much like the username",
		strings.Repeat("e\u0323\u0302", 3000): "cannot be longer than 256",
	} {
		s.browser().post("/signup", "username", "zbig77niew5", "password", chosen).wantStatus(http.StatusUnprocessableEntity).want(why)
	}
	for i, chosen := range []string{"four green tractors sing", "grandma's 1974 Volvo!", "q7Vt!mZ2", "猫は三時に起きる予定"} {
		s.browser().post("/signup", "username", fmt.Sprint("person", i), "password", chosen).wantStatus(http.StatusOK)
	}
}

func TestSignupRefusesALeakedPasswordInTheFormInWhichItLeaked(t *testing.T) {
	t.Parallel()
	const leaked = "k3xq9vbz cafe\u0301"
	path := filepath.Join(t.TempDir(), "leaked.txt")
	if err := os.WriteFile(path, fmt.Appendf(nil, "%X:3\n", sha1.Sum([]byte(leaked))), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := password.OpenLeaked(path)
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t)
	s.app.policy.Leaked = list
	s.browser().post("/signup", "username", "bob", "password", leaked).wantStatus(http.StatusUnprocessableEntity).
		want("in a list of leaked passwords")
}
