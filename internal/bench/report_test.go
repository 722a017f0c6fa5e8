//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestReached(t *testing.T) {
	for _, test := range []struct {
		name string
		row  row
		want bool
	}{
		{"ratio reached", row{Ours: []float64{70, 10, 71}, Reference: []float64{100, 100, 100}, Target: target{RatioAtLeast: 0.7}}, true},
		{"ratio missed", row{Ours: []float64{69, 69, 99}, Reference: []float64{100, 100, 100}, Target: target{RatioAtLeast: 0.7}}, false},
		{"median reached", row{Ours: []float64{49, 50, 99}, Target: target{AtMost: 50}}, true},
		{"worst missed", row{Ours: []float64{49, 50, 99}, Target: target{AtMost: 50, Worst: true}}, false},
		{"twice the reference", row{Ours: []float64{8}, Reference: []float64{4}, Target: target{RatioAtMost: 2, AtMost: 5}}, true},
		{"five milliseconds", row{Ours: []float64{5}, Reference: []float64{1}, Target: target{RatioAtMost: 2, AtMost: 5}}, true},
		{"neither", row{Ours: []float64{6}, Reference: []float64{1}, Target: target{RatioAtMost: 2, AtMost: 5}}, false},
		{"a ratio without a reference", row{Ours: []float64{6}, Target: target{RatioAtMost: 2}}, false},
	} {
		if got := test.row.reached(); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

func TestTable(t *testing.T) {
	home := &row{Name: "home-16", Unit: "req/s", Against: "a bare handler", Target: target{RatioAtLeast: 0.65},
		Ours: []float64{6000, 7000, 8000}, Reference: []float64{10000, 10000, 10000}}
	home.note("a remark")
	all := report{Rows: []*row{home, {Name: "idle", Unit: "MiB", Ours: []float64{28.25}, Target: target{AtMost: 30, Worst: true}},
		{Name: "reported", Unit: "ms", Ours: []float64{1}}}}
	var out bytes.Buffer
	all.printTable(&out)
	want := `
ROW       OURS              UNIT   REFERENCE  RATIO             TARGET         REACHED
home-16   7000 (6000–8000)  req/s  10000      0.70 (0.60–0.80)  ratio ≥ 0.65   yes
idle      28.2              MiB    –          –                 always ≤ 30.0  yes
reported  1.00              ms     –          –                 –              –

Medians, with (lower–upper quartile) of the rounds: of three, the least and the most.
home-16: the reference is a bare handler.
home-16: a remark.
`
	if got := out.String(); !strings.HasPrefix(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}

	text, err := json.Marshal(all.Rows)
	if err != nil {
		t.Fatal(err)
	}
	var rows []struct {
		Row     string
		Ours    spread
		Ratio   spread
		Reached *bool
	}
	if err := json.Unmarshal(text, &rows); err != nil {
		t.Fatal(err)
	}
	if rows[0].Row != "home-16" || rows[0].Ours.Median != 7000 || rows[0].Ratio.Max != 0.8 || rows[0].Reached == nil || !*rows[0].Reached {
		t.Errorf("as JSON: %s", text)
	}
	if rows[2].Reached != nil {
		t.Errorf("a row without a target is reached or not: %s", text)
	}
}
