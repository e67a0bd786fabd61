package ortlib

import (
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// Version of the library that is fetched and that the figures in the
// documents were measured with.
const Version = "1.30.0"

// minMinor: onnxruntime_go v1.27.0 asks for the C API of ONNX Runtime 1.24.
const minMinor = 24

// Library is a file that can be loaded.
type Library struct {
	Path string
	// Version is read from the file, such as "1.30.0".
	Version string
	// SHA256 of the file, hex.
	SHA256 string
}

// build is one pinned library.
type build struct {
	// npmDir is the folder in onnxruntime-node; releaseArch the word in the
	// name of the release archive.
	npmDir, releaseArch string
	sha256              string
}

// builds are by GOOS/GOARCH; the hashes are those of the libraries in
// onnxruntime-node 1.30.0.
var builds = map[string]build{
	"linux/amd64": {"linux/x64", "x64", "ffb75a925ba05e47b235bb66e3e3911714a80b328a9c9425539feb204aa32a23"},
	"linux/arm64": {"linux/arm64", "aarch64", "1f549d46250b005580b597f4164984aaf75b3bcb9f3aeb07c7f8a8fe60b23c76"},
}

// WaysOut ends every error of this package: what a person can do about a
// library that is missing or wrong.
const WaysOut = "three ways out: name a library with --onnxruntime or NAFAS_ONNXRUNTIME; " +
	"install libonnxruntime.so 1.24 or newer in the system's library path; " +
	"or run `nafas runtime fetch` where npm or the network is (its cache folder can be copied to another machine)"

// Error says why there is no usable library.
type Error struct {
	Found string
	Err   error
}

func (e *Error) Error() string {
	s := "ONNX Runtime: " + e.Found
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s + "; " + WaysOut
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

var errTooOld = errors.New("too old")

// inspect reads the version and the hash of a library without loading it.
func inspect(path string) (Library, error) {
	version, err := elfVersion(path)
	if err != nil {
		return Library{}, err
	}
	if err := checkVersion(version); err != nil {
		return Library{}, err
	}
	sum, err := fileSHA256(path)
	if err != nil {
		return Library{}, err
	}
	return Library{Path: path, Version: version, SHA256: sum}, nil
}

// elfVersion is the symbol version that ONNX Runtime's build gives all its
// exports: VERS_1.30.0. A library without one is no ONNX Runtime.
func elfVersion(path string) (string, error) {
	f, err := elf.Open(path)
	if err != nil {
		return "", fmt.Errorf("not a shared library: %w", err)
	}
	defer f.Close()
	versions, err := f.DynamicVersions()
	if err != nil {
		return "", errors.New("not an ONNX Runtime library: it has no symbol versions")
	}
	for _, v := range versions {
		if version, ok := strings.CutPrefix(v.Name, "VERS_"); ok {
			return version, nil
		}
	}
	return "", errors.New("not an ONNX Runtime library: it does not say its version")
}

func checkVersion(version string) error {
	parts := strings.Split(version, ".")
	if len(parts) < 2 {
		return fmt.Errorf("version %q is not understood", version)
	}
	major, err1 := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(parts[1])
	if err1 != nil || err2 != nil {
		return fmt.Errorf("version %q is not understood", version)
	}
	if major != 1 || minor < minMinor {
		return fmt.Errorf("version %s: 1.%d or newer is needed, %s was tried: %w", version, minMinor, Version, errTooOld)
	}
	return nil
}

func fileSHA256(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
