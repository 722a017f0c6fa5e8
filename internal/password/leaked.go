package password

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
)

// Leaked is a file of leaked passwords: a line HASH:COUNT for each, with its SHA-1 in hexadecimal, sorted by it, as Have
// I Been Pwned's list is downloaded. It may be larger than the memory: it is searched where it lies. A file that is
// replaced or removed afterwards goes on being used until the next start.
type Leaked struct {
	file *os.File
	size int64
	// reads counts them, for tests.
	reads atomic.Int64
}

const (
	// leakedBlock is what one read takes, in bytes; a line has about 45.
	leakedBlock = 4096
	// hashLength is in characters.
	hashLength = 2 * sha1.Size
)

// OpenLeaked opens the file and looks at some of it. The error says in one line what is wrong.
func OpenLeaked(path string) (*Leaked, error) {
	// Opening a named pipe would wait for its other end.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil {
		l := &Leaked{file: file, size: info.Size()}
		if err = l.check(); err != nil {
			err = fmt.Errorf("%s: %w", path, err)
		} else {
			return l, nil
		}
	}
	_ = file.Close()
	return nil, err
}

// leakedSamples are the places that are looked at when the file is opened.
const leakedSamples = 100

func (l *Leaked) check() error {
	last := leakedLine{}
	for i := range int64(leakedSamples) {
		at := l.size / leakedSamples * i
		lines, err := l.linesFrom(at)
		if err != nil {
			return err
		}
		for _, line := range lines {
			if line.begin >= last.end && line.hash < last.hash {
				return fmt.Errorf("it is not sorted by hash, about byte %d", line.begin)
			}
			if line.begin >= last.end {
				last = line
			}
		}
	}
	if last.hash == "" {
		return errors.New("it is empty")
	}
	return nil
}

// Contains reports whether the password is in the file, normalised or as it was typed: the list holds hashes of what was
// typed elsewhere. An error is one of the file.
func (l *Leaked) Contains(password string) (bool, error) {
	normal := normalize(password)
	found, err := l.holds(normal)
	if err == nil && !found && normal != password {
		found, err = l.holds(password)
	}
	return found, err
}

// holds takes a few reads, since hashes are spread evenly: each place to look at is computed from the hash.
func (l *Leaked) holds(password string) (bool, error) {
	sum := sha1.Sum([]byte(password))
	want := strings.ToUpper(hex.EncodeToString(sum[:]))
	begin, end := int64(0), l.size // where its line begins, if there is one
	least, most := 0.0, float64(1<<32)
	for tried := 0; begin < end; tried++ {
		at := begin + (end-begin)/2
		if tried < maxInterpolated && least < most {
			at = begin + int64((placeOf(want)-least)/(most-least)*float64(end-begin)) - leakedBlock/2
		}
		at = min(max(at, begin), end-1)
		lines, err := l.linesFrom(at)
		switch {
		case err != nil:
			return false, err
		case len(lines) == 0 || want < lines[0].hash:
			end = at
			if len(lines) > 0 {
				most = placeOf(lines[0].hash)
			}
		case want > lines[len(lines)-1].hash:
			last := lines[len(lines)-1]
			begin, least = last.end, placeOf(last.hash)
		default:
			return slices.ContainsFunc(lines, func(line leakedLine) bool { return line.hash == want }), nil
		}
	}
	return false, nil
}

// maxInterpolated places are computed. A file in which they do not help, because its hashes are not spread evenly, is
// halved from then on.
const maxInterpolated = 8

// placeOf is a hash as a number from 0 to 2^32.
func placeOf(hash string) float64 {
	number, _ := strconv.ParseUint(hash[:8], 16, 32)
	return float64(number)
}

type leakedLine struct {
	hash       string // in capitals
	begin, end int64
}

// linesFrom reads the lines that begin at a place or soon after it.
func (l *Leaked) linesFrom(at int64) (lines []leakedLine, err error) {
	l.reads.Add(1)
	from := max(at-1, 0) // with the end of the line before
	block := make([]byte, leakedBlock)
	read, err := l.file.ReadAt(block, from)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	atEnd := errors.Is(err, io.EOF)
	block = block[:read]
	next := 0
	if at > 0 {
		next = bytes.IndexByte(block, '\n') + 1
		if next == 0 {
			block = nil
		}
	}
	for next < len(block) {
		length := bytes.IndexByte(block[next:], '\n') + 1
		if length == 0 {
			if !atEnd {
				break
			}
			length = len(block) - next // the last line
		}
		begin := from + int64(next)
		hash, ok := hashOfLine(block[next : next+length])
		if !ok {
			return nil, fmt.Errorf("the line at byte %d is not HASH:COUNT, with a SHA-1 of %d hexadecimal digits", begin, hashLength)
		}
		lines = append(lines, leakedLine{hash, begin, begin + int64(length)})
		next += length
	}
	if len(lines) == 0 && !atEnd {
		return nil, fmt.Errorf("there is no line HASH:COUNT about byte %d", at)
	}
	return lines, nil
}

func hashOfLine(line []byte) (hash string, ok bool) {
	text, count, found := strings.Cut(strings.TrimRight(string(line), "\r\n"), ":")
	if _, err := hex.DecodeString(text); err != nil || len(text) != hashLength || !found {
		return "", false
	}
	if _, err := strconv.ParseUint(count, 10, 64); err != nil {
		return "", false
	}
	return strings.ToUpper(text), true
}
