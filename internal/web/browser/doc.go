// Package browser tests the review page as its users see it: a real server, a
// real Chromium, real CT. It has tests only.
package browser
