package part10_test

import "testing"

func FuzzParse(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	for _, ts := range allSyntaxes {
		f.Add(sampleFile(f, ts))
	}
	f.Fuzz(func(t *testing.T, data []byte) { survives(t, data) })
}
