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
		"abcd1234!":                           "attackers try it first",
		"!1q2w3e4r5t":                         "attackers try it first",
		"qwer1234!":                           "attackers try it first",
		"ｐａｓｓｗｏｒｄ":                            "attackers try it first",
		"qwertzuiop":                          "a sequence",
		"dfghjkjhg":                           "a sequence",
		"ｌａｔｃｈｋｅｙ１！":                          "Too similar to this site's name",
		"!zbig77niew5":                        "Too similar to your username",
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
		want("has leaked elsewhere")
}
