//go:build linux

package main

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

const (
	withLength = "HTTP/1.1 303 See Other\r\nLocation: /user/bob\r\nset-cookie: session=a; Path=/\r\nSet-Cookie: device=b\r\n" +
		"content-length: 5\r\n\r\nhello"
	inChunks  = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\nhell\r\nA\r\no world of\r\n0\r\nTrailer: 1\r\n\r\n"
	withNone  = "HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n"
	emptyBody = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
)

func TestReadResponse(t *testing.T) {
	sources := map[string]func(io.Reader) io.Reader{
		"in one piece":      func(r io.Reader) io.Reader { return r },
		"one byte at once":  iotest.OneByteReader,
		"halves":            iotest.HalfReader,
		"error at the data": iotest.DataErrReader,
	}
	for name, source := range sources {
		t.Run(name, func(t *testing.T) {
			// All on one connection: each must be read to its end, and no further.
			r := bufio.NewReader(source(strings.NewReader(withLength + inChunks + withNone + emptyBody + inChunks + withLength)))
			for _, want := range []struct {
				keep   bool
				status int
				body   string
				closes bool
			}{
				{true, 303, "hello", false},
				{true, 200, "hello world of", false},
				{true, 304, "", true},
				{true, 401, "", false},
				{false, 200, "", false},
				{false, 303, "", false},
			} {
				got, err := readResponse(r, want.keep)
				if err != nil {
					t.Fatal(err)
				}
				if got.status != want.status || !bytes.Equal(got.body, []byte(want.body)) || got.closes != want.closes {
					t.Errorf("got %d, %q, closes %v; want %v", got.status, got.body, got.closes, want)
				}
			}
			if _, err := readResponse(r, false); err != io.EOF {
				t.Errorf("after the last one: %v, want EOF", err)
			}
		})
	}
}

func TestReadResponseKeepsCookies(t *testing.T) {
	answer, err := readResponse(bufio.NewReader(strings.NewReader(withLength)), true)
	if err != nil {
		t.Fatal(err)
	}
	if got := answer.cookies(); len(got) != 2 || got["session"] != "a" || got["device"] != "b" {
		t.Errorf("cookies %v", got)
	}
	if got := answer.header.Get("Location"); got != "/user/bob" {
		t.Errorf("Location %q", got)
	}
	if err := wantHome(answer, "bob"); err != nil {
		t.Error(err)
	}
	if wantHome(answer, "alice") == nil {
		t.Error("a login that leads to somebody else is taken for one that succeeded")
	}
}

func TestReadResponseRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"another protocol":      "SSH-2.0-OpenSSH_10.0\r\n\r\n",
		"no number":             "HTTP/1.1 abc OK\r\n\r\n",
		"an unknown length":     "HTTP/1.1 200 OK\r\n\r\nbody",
		"a negative length":     "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"a header without name": "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n",
		"an end in the header":  "HTTP/1.1 200 OK\r\nContent-Le",
		"an end in the body":    "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
		"an end in a chunk":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nshort",
		"a chunk too long":      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nlonger\r\n0\r\n\r\n",
		"no size of a chunk":    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
	} {
		for _, keep := range []bool{true, false} {
			if _, err := readResponse(bufio.NewReader(strings.NewReader(text)), keep); err == nil {
				t.Errorf("%s (keep %v): no error", name, keep)
			}
		}
	}
}
