//go:build linux

package main

import "testing"

func TestPercentile(t *testing.T) {
	hundred := make([]int, 100)
	for i := range hundred {
		hundred[len(hundred)-1-i] = i + 1 // 100 … 1
	}
	for _, test := range []struct {
		name   string
		values []int
		p      float64
		want   int
	}{
		{"none", nil, 50, 0},
		{"one", []int{7}, 99, 7},
		{"least", hundred, 0, 1},
		{"middle", hundred, 50, 50},
		{"99th", hundred, 99, 99},
		{"greatest", hundred, 100, 100},
		{"nearest rank is an actual value", []int{1, 2, 3, 4}, 60, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := percentile(test.values, test.p); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
	if hundred[0] != 100 {
		t.Error("the values were sorted in place")
	}
}

func TestSpreadOf(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   spread
	}{
		{nil, spread{}},
		{[]float64{3}, spread{3, 3, 3, 3, 3}},
		{[]float64{9, 1, 2}, spread{2, 1, 9, 1, 9}},
		{[]float64{4, 1, 2, 9}, spread{3, 1, 4, 1, 9}},
	} {
		if got := spreadOf(test.values); got != test.want {
			t.Errorf("%v: got %v, want %v", test.values, got, test.want)
		}
	}
}
