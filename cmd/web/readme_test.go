package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestSettingsAreDocumentedWithTheirDefaults(t *testing.T) {
	readme, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]string{} // flag: default
	for _, row := range regexp.MustCompile("(?m)^\\| (`--[^|]*) \\|([^|]*)\\|").FindAllStringSubmatch(string(readme), -1) {
		flags, defaults := strings.Split(row[1], ", "), strings.Split(strings.TrimSpace(row[2]), ", ")
		for i, flag := range flags {
			documented[strings.Trim(flag, "`-")] = strings.Trim(defaults[min(i, len(defaults)-1)], "` ")
		}
	}
	var command commands
	for _, flag := range newParser(&command).Model.Flags {
		if flag.Name == "help" || flag.Name == "version" {
			continue
		}
		value, ok := documented[flag.Name]
		if !ok || flag.HasDefault && value != flag.Default {
			t.Errorf("--%s, default %q, is documented as %q", flag.Name, flag.Default, value)
		}
		if want := "LATCHKEY_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_")); !slices.Equal(flag.Envs, []string{want}) {
			t.Errorf("--%s has the variables %v, want %s", flag.Name, flag.Envs, want)
		}
		delete(documented, flag.Name)
	}
	if len(documented) > 0 {
		t.Errorf("documented, but no settings: %v", documented)
	}
}
