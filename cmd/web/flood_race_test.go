//go:build race

package main

// madeUpNames is fewer under the race detector, which makes SQLite ten times slower.
const madeUpNames = 1_000
