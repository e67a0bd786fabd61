// Package jpegll decodes single-component JPEG Lossless streams (ITU-T T.81
// process 14, Huffman coded) with any of the seven predictors, of 2 to 16
// bits: what the transfer syntaxes 1.2.840.10008.1.2.4.57 and .70 carry for
// CT.
//
// Point transform, restart intervals and any of the four Huffman tables are
// read. Other JPEG processes and several components are refused.
//
// Every stream is taken for hostile: sizes are compared with the caller's
// before a sample is decoded, work is bounded by the image's size, and a
// stream that ends early is an error, never a half image.
package jpegll
