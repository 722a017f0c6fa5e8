package main

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// fieldsOf are the names and values of the fields in the page, in their order.
func fieldsOf(p page) (fields []string) {
	for node := range p.parse().Descendants() {
		if node.Type == html.ElementNode && node.Data == "input" && attribute(node, "name") != "csrf" {
			fields = append(fields, attribute(node, "name")+"="+attribute(node, "value"))
		}
	}
	return fields
}

func TestConfirmCarriesOnlyTheFieldsOfTheAction(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob", "--known-browser-failures=100")
	s.clock.Advance(11 * time.Minute)
	more := []string{"next", "//evil.example", "id2", "x"}
	for i := range 3000 {
		more = append(more, "f"+strconv.Itoa(i), "")
	}
	for _, test := range []struct {
		path    string
		form    []string
		carried string
	}{
		{"/user/bob/recovery", nil, ""},
		{"/user/bob/sign-ins/others", []string{"id", "7"}, ""},
		{"/user/bob/sign-ins", []string{"id", "7", "id", "8"}, "id=7"},
		{"/user/bob/sign-ins", []string{"id", "\xff"}, "id=\uFFFD"},
		{"/user/bob/delete", []string{"username", " BOB "}, "username=bob"},
	} {
		want := slices.DeleteFunc([]string{"account=bob", test.carried, "confirm_password="}, func(s string) bool { return s == "" })
		for _, b := range []*browser{b, b.htmx()} {
			for _, password := range [][]string{nil, {confirmField, "wrong password"}, {confirmField, ""}} {
				p := b.post(test.path, slices.Concat(test.form, password, more)...).want("Confirm it's you")
				if got := fieldsOf(p); !slices.Equal(got, want) {
					t.Errorf("%s with %q: %d fields, %.100q, want %q", test.path, test.form, len(got), strings.Join(got, " "), want)
				}
				if len(p.body) > 4000 {
					t.Errorf("%s with %q: a page of %d bytes", test.path, test.form, len(p.body))
				}
			}
		}
	}
	b.post("/user/bob/sign-ins/others", confirmField, goodPassword).wantStatus(http.StatusOK)
}
