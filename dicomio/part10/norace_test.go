//go:build !race

package part10_test

const raceEnabled = false
