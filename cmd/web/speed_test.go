package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// benchmarkPage measures one page as the handlers make it, without the network. Requests come one after another.
func benchmarkPage(b *testing.B, path string, prepare func(*site) *browser) {
	s := newSite(b)
	visitor := prepare(s)
	request := httptest.NewRequest(http.MethodGet, path, nil)
	request.Host = "localhost"
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	for _, name := range []string{"session", "csrf"} {
		request.AddCookie(&http.Cookie{Name: name, Value: visitor.cookie(name)})
	}
	b.ReportAllocs()
	for b.Loop() {
		answer := httptest.NewRecorder()
		s.handler.ServeHTTP(answer, request.Clone(b.Context()))
		if answer.Code != http.StatusOK {
			b.Fatal(answer.Code)
		}
	}
}

func BenchmarkHomePage(b *testing.B) {
	benchmarkPage(b, "/user/bob", signedInBob)
}

func BenchmarkLoginForm(b *testing.B) {
	benchmarkPage(b, "/login", func(s *site) *browser {
		visitor := s.browser()
		visitor.get("/login")
		return visitor
	})
}

func signedInBob(s *site) *browser {
	s.signUp("bob")
	return s.signedIn("bob")
}
