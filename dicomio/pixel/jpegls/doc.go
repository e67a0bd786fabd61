// Package jpegls decodes single-component JPEG-LS streams (ITU-T T.87 |
// ISO/IEC 14495-1), lossless and near-lossless, of 2 to 16 bits: what the
// transfer syntaxes 1.2.840.10008.1.2.4.80 and .81 carry for CT.
//
// Regular and run mode, preset coding parameters (LSE type 1), NEAR and
// restart intervals are read. Mapping tables, several components and images
// taller or wider than 65535 are refused: DICOM CT has none of them.
//
// Every stream is taken for hostile: sizes are compared with the caller's
// before a sample is decoded, work is bounded by the image's size, and a
// stream that ends early is an error, never a half image.
package jpegls
