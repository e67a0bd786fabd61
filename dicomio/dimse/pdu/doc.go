// Package pdu encodes and decodes the protocol data units of the DICOM upper
// layer (PS3.8 section 9.3): what two peers say to each other before, around
// and after DIMSE messages.
//
// Decoding takes bytes that a peer chose. It allocates no more than the PDU's
// own length, which Read bounds, and reports what is wrong as a *Violation
// with the reason that an A-ABORT gives for it.
package pdu
