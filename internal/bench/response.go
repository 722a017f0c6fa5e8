//go:build linux

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// response is what came back. Header and body are there only when they were asked to be kept: under load, reading
// them would cost the machine more than it costs a fast server to write them.
type response struct {
	status int
	header http.Header
	body   []byte
	// closes says that the server takes no further request on this connection.
	closes bool
}

// cookies are the names and values that the answer sets.
func (r response) cookies() map[string]string {
	set := map[string]string{}
	for _, cookie := range (&http.Response{Header: r.header}).Cookies() {
		set[cookie.Name] = cookie.Value
	}
	return set
}

var errHeader = errors.New("not an HTTP/1.1 response")

// readResponse reads one HTTP/1.1 response to a GET or POST. Its body must say how long it is, as net/http's does.
func readResponse(r *bufio.Reader, keep bool) (response, error) {
	var answer response
	line, err := readLine(r)
	if err != nil {
		return answer, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return answer, fmt.Errorf("%w: %q", errHeader, line)
	}
	if answer.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return answer, fmt.Errorf("%w: %q", errHeader, line)
	}
	if keep {
		answer.header = http.Header{}
	}
	length, chunked := -1, false
	for {
		if line, err = readLine(r); err != nil {
			return answer, err
		}
		if len(line) == 0 {
			break
		}
		name, value, found := bytes.Cut(line, []byte(":"))
		if !found {
			return answer, fmt.Errorf("%w: %q", errHeader, line)
		}
		value = bytes.TrimSpace(value)
		if keep {
			answer.header.Add(string(name), string(value))
		}
		switch {
		case is(name, "Content-Length"):
			if length, err = strconv.Atoi(string(value)); err != nil || length < 0 {
				return answer, fmt.Errorf("%w: %q", errHeader, line)
			}
		case is(name, "Transfer-Encoding"):
			chunked = is(value, "chunked")
		case is(name, "Connection"):
			answer.closes = is(value, "close")
		}
	}
	switch {
	case answer.status == http.StatusNoContent || answer.status == http.StatusNotModified:
		return answer, nil
	case chunked:
		return answer, readChunks(r, keep, &answer.body)
	case length < 0:
		return answer, fmt.Errorf("%w: a body of unknown length", errHeader)
	}
	return answer, readBody(r, length, keep, &answer.body)
}

func is(text []byte, name string) bool {
	return len(text) == len(name) && strings.EqualFold(string(text), name) // so short a conversion does not allocate
}

// readLine returns a line without its end; it is valid until the next read.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(line[:len(line)-1], []byte("\r")), nil
}

func readBody(r *bufio.Reader, length int, keep bool, body *[]byte) error {
	if !keep {
		_, err := r.Discard(length)
		return err
	}
	start := len(*body)
	*body = append(*body, make([]byte, length)...)
	_, err := io.ReadFull(r, (*body)[start:])
	return err
}

func readChunks(r *bufio.Reader, keep bool, body *[]byte) error {
	for {
		line, err := readLine(r)
		if err != nil {
			return err
		}
		size, _, _ := bytes.Cut(line, []byte(";"))
		length, err := strconv.ParseUint(string(bytes.TrimSpace(size)), 16, 31)
		if err != nil {
			return fmt.Errorf("chunk size: %w", err)
		}
		if length == 0 {
			break
		}
		if err := readBody(r, int(length), keep, body); err != nil {
			return err
		}
		if line, err = readLine(r); err != nil {
			return err
		}
		if len(line) != 0 {
			return fmt.Errorf("%w: a chunk longer than it says", errHeader)
		}
	}
	for { // trailers
		line, err := readLine(r)
		if err != nil || len(line) == 0 {
			return err
		}
	}
}
