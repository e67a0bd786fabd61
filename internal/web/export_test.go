package web

// Endpoints is how many there are that need a role.
func Endpoints(w *Web) int { return len(w.endpoints()) }

// FillStreams takes the place of every stream, until empty is called.
func FillStreams(w *Web) (empty func()) {
	for range mostStreams {
		w.streams <- struct{}{}
	}
	return func() {
		for range mostStreams {
			<-w.streams
		}
	}
}
