//go:build race

package main

// These are fewer under the race detector, which makes SQLite ten times slower.
const (
	madeUpNames = 1_000
	appCookies  = 5_000
)
