// Package api is what the review page is told and what it asks: the JSON of
// /api. The page's TypeScript types are made of it (TestTypeScript writes
// page/src/api.ts).
//
// Words that the service already says in three languages (reasons, sentences of
// guidelines) come in the language of the request's Accept-Language; everything
// else comes as a code that the page has a word for. Times are RFC 3339 in UTC,
// DICOM dates YYYYMMDD, lengths mm, places patient LPS mm. A list is never null.
package api

// Problem is the body of every answer that is not 2xx (after RFC 9457).
type Problem struct {
	// Code is one of the page's words: signed_out, forbidden, not_found, conflict,
	// invalid, too_many, unavailable, internal.
	Code string `json:"code"`
	// Detail says what to do, in English, for a log or a curl user.
	Detail string `json:"detail"`
	// RetryAfterSeconds goes with too_many and unavailable.
	RetryAfterSeconds int `json:"retryAfterSeconds,omitempty"`
	// Review goes with conflict: the review as it is now.
	Review *Review `json:"review,omitempty"`
}
