package openjpeg

// Open and Refused show tests what happens where the library is missing.
var (
	Open    = func(name string) error { _, err := open(name); return err }
	Refused = refused
)
