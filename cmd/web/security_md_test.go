package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestSecurityMDNamesTestsThatExist(t *testing.T) {
	text, err := os.ReadFile("../../SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../../*/*/*_test.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("test files %v: %v", files, err)
	}
	var tests []string
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`).FindAllStringSubmatch(string(source), -1) {
			tests = append(tests, match[1])
		}
	}
	named := regexp.MustCompile(`\bTest\w+`).FindAllString(string(text), -1)
	for _, name := range named {
		if !slices.Contains(tests, name) {
			t.Errorf("SECURITY.md names %s, which does not exist", name)
		}
	}
	for _, script := range regexp.MustCompile(`\b\w+\.txtar\b`).FindAllString(string(text), -1) {
		if _, err := os.Stat(filepath.Join("testdata/script", script)); err != nil {
			t.Errorf("SECURITY.md names %s, which does not exist", script)
		}
	}
	// Each row says something, and no requirement of V6 and V7 is left out.
	shown := map[string]bool{}
	for _, row := range regexp.MustCompile(`(?m)^\| ([\d., ]+) \| (.*) \|$`).FindAllStringSubmatch(string(text), -1) {
		for _, requirement := range strings.Split(row[1], ", ") {
			if shown[requirement] || strings.TrimSpace(row[2]) == "" {
				t.Errorf("%s stands there twice, or says nothing", requirement)
			}
			shown[requirement] = true
		}
	}
	for section, last := range map[string]int{
		"6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4,
		"7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2,
	} {
		for number := range last {
			if requirement := fmt.Sprintf("%s.%d", section, number+1); !shown[requirement] {
				t.Errorf("SECURITY.md leaves out %s", requirement)
			}
		}
	}
	if len(named) < 40 {
		t.Errorf("only %d tests are named", len(named))
	}
}
