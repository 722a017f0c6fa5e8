//go:build !race

package main

const madeUpNames = 10_000
