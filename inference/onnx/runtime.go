// Package onnx runs ONNX networks with the ONNX Runtime library. It is the only
// importer of onnxruntime_go, whose state is global to the process: a process
// loads one library, once.
package onnx

import (
	"errors"
	"fmt"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

// minMinor: the binding asks for version 24 of the C interface, which ONNX
// Runtime 1.24 brought.
const minMinor = 24

// Runtime is the library, loaded.
type Runtime struct{ version string }

var global struct {
	sync.Mutex
	path    string
	runtime *Runtime
}

// Open loads the library at path. A second call with the same path returns
// the same Runtime; one with another path is an error, since a process cannot
// exchange its library.
func Open(path string) (*Runtime, error) {
	global.Lock()
	defer global.Unlock()
	if global.runtime != nil {
		if global.path != path {
			return nil, fmt.Errorf("ONNX Runtime is loaded from %s already", global.path)
		}
		return global.runtime, nil
	}
	if path == "" {
		return nil, errors.New("no ONNX Runtime library was named")
	}
	ort.SetSharedLibraryPath(path)
	if err := ort.InitializeEnvironment(ort.WithLogLevelError()); err != nil {
		return nil, fmt.Errorf("loading %s (ONNX Runtime 1.%d or newer of 1.x is needed): %w", path, minMinor, err)
	}
	global.path, global.runtime = path, &Runtime{version: ort.GetVersion()}
	return global.runtime, nil
}

// Version of the library, such as "1.30.0".
func (r *Runtime) Version() string { return r.version }
