//go:build linux

package main

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// percentile is the least value that at least p of 100 values do not exceed (nearest rank); p is 0 to 100. Of no
// values it is the zero value.
func percentile[T cmp.Ordered](values []T, p float64) T {
	if len(values) == 0 {
		var none T
		return none
	}
	sorted := slices.Sorted(slices.Values(values))
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// spread is several measurements of one thing.
type spread struct {
	Median float64 `json:"median"`
	// Lower and Upper are the quartiles by nearest rank: of three values, the least and the most.
	Lower float64 `json:"lower"`
	Upper float64 `json:"upper"`
	Min   float64 `json:"min"`
	Max   float64 `json:"max"`
}

// spreadOf has the mean of the middle two as the median of an even number of values.
func spreadOf(values []float64) spread {
	if len(values) == 0 {
		return spread{}
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	median := sorted[middle]
	if len(sorted)%2 == 0 {
		median = (sorted[middle-1] + sorted[middle]) / 2
	}
	return spread{
		Median: median, Lower: percentile(sorted, 25), Upper: percentile(sorted, 75), Min: sorted[0], Max: sorted[len(sorted)-1],
	}
}

func milliseconds(d time.Duration) float64 {
	return float64(d) / float64(time.Millisecond)
}
