// Package web serves the review page: the worklist, the viewer and what readers
// answer.
package web

import "embed"

// built is the page as the sources in page/src make it (page/build.mjs).
//
//go:embed page/dist
var built embed.FS
