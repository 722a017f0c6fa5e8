//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
)

// row is one line of the table.
type row struct {
	Name string
	// Unit is that of Ours and Reference: req/s, ms, MiB or KiB.
	Unit string
	// Ours and Reference have one value per round. Reference is empty when there is nothing to compare with.
	Ours, Reference []float64
	// Against names the reference.
	Against string
	Target  target
	Notes   []string
}

// target is what a row has to reach: one of the conditions that are not zero. Without any the row is only reported.
type target struct {
	// RatioAtLeast and RatioAtMost are about the median of ours divided by the reference.
	RatioAtLeast float64 `json:"ratio_at_least,omitempty"`
	RatioAtMost  float64 `json:"ratio_at_most,omitempty"`
	// AtMost is about ours, in the row's unit: its worst value when Worst is set, otherwise its median.
	AtMost float64 `json:"at_most,omitempty"`
	Worst  bool    `json:"worst,omitempty"`
}

func (t target) none() bool { return t == target{} }

// add adds a round.
func (r *row) add(ours, reference float64) {
	r.Ours, r.Reference = append(r.Ours, ours), append(r.Reference, reference)
}

// note adds a remark, once.
func (r *row) note(format string, args ...any) {
	if note := fmt.Sprintf(format, args...); !slices.Contains(r.Notes, note) {
		r.Notes = append(r.Notes, note)
	}
}

// ratios has ours divided by the reference of each round.
func (r *row) ratios() []float64 {
	var ratios []float64
	for i := range min(len(r.Ours), len(r.Reference)) {
		ratios = append(ratios, r.Ours[i]/r.Reference[i])
	}
	return ratios
}

func (r *row) reached() bool {
	ratio, ours := spreadOf(r.ratios()).Median, spreadOf(r.Ours)
	judged := ours.Median
	if r.Target.Worst {
		judged = ours.Max
	}
	hasRatio := len(r.ratios()) > 0
	return r.Target.RatioAtLeast > 0 && hasRatio && ratio >= r.Target.RatioAtLeast ||
		r.Target.RatioAtMost > 0 && hasRatio && ratio <= r.Target.RatioAtMost ||
		r.Target.AtMost > 0 && judged <= r.Target.AtMost
}

// report is all that a run found out.
type report struct {
	environment
	// Seconds is how long the run took.
	Seconds float64
	Rows    []*row
}

// begin adds a row and says so.
func (r *report) begin(name, unit, against string, t target) *row {
	added := &row{Name: name, Unit: unit, Against: against, Target: t}
	r.Rows = append(r.Rows, added)
	progress("%s …", name)
	return added
}

func (r *report) printTable(to io.Writer) {
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nROW\tOURS\tUNIT\tREFERENCE\tRATIO\tTARGET\tREACHED")
	for _, row := range r.Rows {
		fmt.Fprintln(table, strings.Join(row.cells(), "\t"))
	}
	table.Flush()
	fmt.Fprintln(to, "\nMedians, with (lower–upper quartile) of the rounds: of three, the least and the most.")
	for _, row := range r.Rows {
		if row.Against != "" {
			fmt.Fprintf(to, "%s: the reference is %s.\n", row.Name, row.Against)
		}
		for _, note := range row.Notes {
			fmt.Fprintf(to, "%s: %s.\n", row.Name, note)
		}
	}
	fmt.Fprintf(to, "The run took %.0f seconds.\n", r.Seconds)
}

func (r *row) cells() []string {
	reference, ratio, reached := "–", "–", "–"
	if len(r.Reference) > 0 {
		reference = inWords(spreadOf(r.Reference), number)
		ratio = inWords(spreadOf(r.ratios()), func(v float64) string { return fmt.Sprintf("%.2f", v) })
	}
	if !r.Target.none() {
		reached = "NO"
		if r.reached() {
			reached = "yes"
		}
	}
	return []string{r.Name, inWords(spreadOf(r.Ours), number), r.Unit, reference, ratio, r.Target.String(), reached}
}

func inWords(s spread, format func(float64) string) string {
	if s.Lower == s.Upper {
		return format(s.Median)
	}
	return fmt.Sprintf("%s (%s–%s)", format(s.Median), format(s.Lower), format(s.Upper))
}

// number has three significant digits or whole numbers.
func number(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func (t target) String() string {
	var parts []string
	if t.RatioAtLeast > 0 {
		parts = append(parts, fmt.Sprintf("ratio ≥ %.2f", t.RatioAtLeast))
	}
	if t.RatioAtMost > 0 {
		parts = append(parts, fmt.Sprintf("ratio ≤ %.2f", t.RatioAtMost))
	}
	if t.AtMost > 0 {
		which := "≤"
		if t.Worst {
			which = "always ≤"
		}
		parts = append(parts, fmt.Sprintf("%s %s", which, number(t.AtMost)))
	}
	if len(parts) == 0 {
		return "–"
	}
	return strings.Join(parts, " or ")
}

// MarshalJSON gives what the table gives, and each round.
func (r *row) MarshalJSON() ([]byte, error) {
	shown := map[string]any{
		"row": r.Name, "unit": r.Unit, "ours": spreadOf(r.Ours), "ours_rounds": r.Ours, "notes": r.Notes,
	}
	if len(r.Reference) > 0 {
		shown["against"], shown["reference"], shown["reference_rounds"] = r.Against, spreadOf(r.Reference), r.Reference
		shown["ratio"], shown["ratio_rounds"] = spreadOf(r.ratios()), r.ratios()
	}
	if !r.Target.none() {
		shown["target"], shown["reached"] = r.Target, r.reached()
	}
	return json.Marshal(shown)
}

func (r *report) write(path string) error {
	text, err := json.MarshalIndent(map[string]any{
		"environment": r.environment, "seconds": r.Seconds, "rows": r.Rows,
	}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
