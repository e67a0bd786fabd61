package sources

// For tests of how paths are written.
var (
	JoinPath  = joinPath
	SplitPath = splitPath
)

// Dir is where a spool is.
func (s *Spool) Dir() string { return s.dir }
