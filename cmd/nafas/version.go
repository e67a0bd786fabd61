package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set by the linker in a release: -ldflags "-X main.version=...".
var version = ""

type versionCmd struct{}

// Run prints what this binary is.
func (versionCmd) Run(s *streams) error {
	_, err := fmt.Fprintf(s.out, "nafas %s, %s, %s/%s\nResearch use only; not a medical device.\n",
		buildVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

func buildVersion() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return "development " + s.Value[:min(12, len(s.Value))]
		}
	}
	return "development"
}
