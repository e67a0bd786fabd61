// Package render turns modality values into pictures.
package render
