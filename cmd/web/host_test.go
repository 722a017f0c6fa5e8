package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHostOfAnotherSiteIsRefusedAndSaidWhatToDo(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob", "--url=http://Login.example.org:8080")
	b := s.browser()
	for _, own := range []string{"login.example.org:8080", "login.example.org", "LOGIN.example.org.", "login.example.org:9000"} {
		b.at(own).get("/login").wantStatus(http.StatusOK)
	}
	for _, other := range []string{
		"evil.example", "evil.example:8080", "login.example.org.evil.example", "evillogin.example.org", "example.org",
		"localhost:8080", "127.0.0.1:8080", "[::1]", "login", "login.example.org..", "login.example.org:80:80",
	} {
		rebound := b.at(other)
		for _, path := range []string{"/", "/login", "/user/bob", "/nothing/here"} {
			rebound.get(path).wantStatus(http.StatusMisdirectedRequest).
				want("Not the address of this site", "set --url", "Go to http://Login.example.org:8080").wantHeader("X-Content-Type-Options", "nosniff")
		}
		rebound.post("/login", "username", "bob", "password", goodPassword).wantStatus(http.StatusMisdirectedRequest)
		rebound.get("/healthz").wantStatus(http.StatusOK)
		rebound.get(attribute(b.at("login.example.org").get("/login").find(isStylesheet), "href")).wantStatus(http.StatusOK)
	}
	if count := s.query("SELECT count(*) FROM sign_ins"); count != "0" {
		t.Errorf("%s sign-ins by another host", count)
	}
	log := s.log.String()
	if lines := strings.Count(log, `msg="refused a request for a host`); lines != 1 || !strings.Contains(log, "set --url") || !strings.Contains(log, "host=evil.example ") {
		t.Errorf("%d lines tell of the refused host, want one with what to do:\n%s", lines, log)
	}
}

func TestHostWithoutURLLetsInWhatNoOtherSiteCanBe(t *testing.T) {
	t.Parallel()
	const refused, answered = http.StatusMisdirectedRequest, http.StatusOK
	for address, hosts := range map[string]map[string]int{
		"localhost:8080": {
			"localhost:8080": answered, "LOCALHOST": answered, "latchkey.localhost:7331": answered, "127.0.0.1:8080": answered,
			"[::1]:8080": answered, "192.168.1.5:8080": answered,
			"evil.example:8080": refused, "localhost.evil.example": refused, "myhost:8080": refused, "127.0.0.1.evil.example": refused,
		},
		"0.0.0.0:8080": {
			"localhost:8080": answered, "192.168.1.5:8080": answered, "[2001:db8::1]:8080": answered, "203.0.113.7": answered,
			"myhost:8080": answered, "MyHost.local": answered, "nas.home.arpa": answered,
			"evil.example:8080": refused, "myhost.evil.example": refused, "local.example": refused, "evil-local": answered,
		},
		"login.example.org:8080": {
			"login.example.org:8080": answered, "login.example.org": answered, "192.168.1.5:8080": answered, "evil.example": refused,
		},
	} {
		b := newSite(t, "--addr="+address).browser()
		for host, status := range hosts {
			b.at(host).get("/login").wantStatus(status)
		}
	}
}

func TestHostInAnotherAlphabetIsTheOneThatBrowsersSend(t *testing.T) {
	t.Parallel()
	b := newSite(t, "--url=http://bücher.example").browser()
	b.at("xn--bcher-kva.example").get("/login").wantStatus(http.StatusOK)
	b.at("bucher.example").get("/login").wantStatus(http.StatusMisdirectedRequest)
	newSite(t, "--url=http://my_host.example").browser().get("/login").wantStatus(http.StatusOK)
	newSite(t, "--url=http://[2001:db8:0::1]:8080").browser().at("[2001:db8::1]:8080").get("/login").wantStatus(http.StatusOK)
}

func TestHostIsNeededEvenInHTTP10(t *testing.T) {
	t.Parallel()
	for _, flags := range [][]string{nil, {"--url=http://login.example.org"}, {"--addr=0.0.0.0:80"}, {"--addr=:80"}} {
		answer := httptest.NewRecorder()
		request := httptest.NewRequest(http.MethodGet, "/login", nil)
		request.Host = ""
		newSite(t, flags...).handler.ServeHTTP(answer, request)
		if answer.Code != http.StatusMisdirectedRequest {
			t.Errorf("%v: status %d without a host", flags, answer.Code)
		}
	}
}

func TestMetricsOfThisMachineAreNotReadThroughAReboundName(t *testing.T) {
	t.Parallel()
	for address, hosts := range map[string]map[string]int{
		"localhost:9090": {
			"localhost:9090": http.StatusOK, "127.0.0.1:9090": http.StatusOK, "login.example.org:9090": http.StatusOK,
			"evil.example:9090": http.StatusMisdirectedRequest,
		},
		"0.0.0.0:9090": {"localhost:9090": http.StatusOK, "monitored.example.net:9090": http.StatusOK},
	} {
		s := newSite(t, "--metrics-addr="+address, "--url=https://login.example.org")
		for host, status := range hosts {
			answer := httptest.NewRecorder()
			request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
			request.Host = host
			s.app.metricsHandler().ServeHTTP(answer, request)
			if answer.Code != status {
				t.Errorf("%s at %s: status %d, want %d", host, address, answer.Code, status)
			}
		}
	}
}
