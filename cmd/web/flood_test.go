//go:build !race

package main

const appCookies = 100_000

const madeUpNames = 10_000
