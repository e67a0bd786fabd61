package main

import "fmt"

type runtimeCmd struct {
	Fetch runtimeFetchCmd `cmd:"" help:"Find the ONNX Runtime library, or fetch it into the cache folder."`
}

type runtimeFetchCmd struct {
	Onnxruntime string `help:"Path of libonnxruntime.so (1.24 or newer)." type:"path" placeholder:"FILE"`
}

// Run prints where the library is.
func (c *runtimeFetchCmd) Run(s *streams, ctx kongContext) error {
	lib, err := engineFlags{Onnxruntime: c.Onnxruntime}.findLibrary(ctx, s, true)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "%s\nversion %s\nsha256 %s\n", lib.Path, lib.Version, lib.SHA256)
	return err
}
