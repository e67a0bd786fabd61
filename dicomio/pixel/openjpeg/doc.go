// Package openjpeg decodes single-component JPEG 2000 (ISO/IEC 15444-1) and
// High-Throughput JPEG 2000 (15444-15) code streams with the OpenJPEG library,
// 2.5 or newer, which is loaded at run time: nothing of it is needed to build
// Nafas, and without it these streams are refused and everything else works.
//
// Native code sees a stream only after Go code has walked it: the image must
// have the size and the one component that the data set promises, every tile
// part must be there with all its bytes, and what its header makes the library
// allocate is bounded. A failed assertion of the library ends the decoding
// and not the process, and a warning is taken for an error, since the library
// goes on after damage with what it has. What is left is OpenJPEG's own care
// with the coded data; the service decodes in a child process for that reason.
package openjpeg
