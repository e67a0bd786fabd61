// Package dimse speaks DICOM over a network: the upper layer (PS3.8) and the
// DIMSE services (PS3.7) that an archive needs, in both directions.
//
// A Server takes associations and hands what peers store to a Handler; data
// sets are streamed, never held. A Client opens associations to verify, store,
// find, move and commit. One association carries one operation at a time.
//
// Nothing here knows a file, a study or a finding.
package dimse
