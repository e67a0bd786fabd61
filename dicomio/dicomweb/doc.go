// Package dicomweb is what DICOMweb (PS3.18) looks like on the wire: multipart
// bodies of instances, the JSON of responses, and a client that stores (STOW-RS)
// and searches (QIDO-RS). It knows no study and no finding.
package dicomweb
