// Package ortlib finds, checks and fetches the ONNX Runtime shared library.
//
// The order is: the path that was given, the system's library path, the user
// cache, and, where the caller allows it, a download into the cache. A service
// never allows it.
package ortlib
