// Package render turns pixels into pictures for people: what is drawn here is
// looked at, never measured.
package render
