package web

import (
	"slices"
	"sync"
)

// presence knows who has which study on the screen: whoever holds its event
// stream.
type presence struct {
	mu sync.Mutex
	// by are the streams of each study, with the display name of who has them.
	by map[string]map[*int]string
	// told are asked to look, by the UID of the study, when somebody comes or goes.
	told map[chan string]struct{}
}

// open are the display names of who has a study open, sorted, each once; "" is
// nobody's.
func (p *presence) open(studyUID string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := []string{}
	for _, name := range p.by[studyUID] {
		if name != "" {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// come says that somebody opens a study; leave, that it is closed again.
func (p *presence) come(studyUID, name string) (leave func()) {
	key := new(int)
	p.mu.Lock()
	if p.by == nil {
		p.by = map[string]map[*int]string{}
	}
	if p.by[studyUID] == nil {
		p.by[studyUID] = map[*int]string{}
	}
	p.by[studyUID][key] = name
	p.mu.Unlock()
	p.tell(studyUID)
	return func() {
		p.mu.Lock()
		delete(p.by[studyUID], key)
		if len(p.by[studyUID]) == 0 {
			delete(p.by, studyUID)
		}
		p.mu.Unlock()
		p.tell(studyUID)
	}
}

// presenceKept is how many comings and goings wait for a slow stream; more are
// dropped: the next look says more.
const presenceKept = 64

// watch gives a channel of the studies of which somebody comes or goes.
func (p *presence) watch() (changes chan string, leave func()) {
	changes = make(chan string, presenceKept)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.told == nil {
		p.told = map[chan string]struct{}{}
	}
	p.told[changes] = struct{}{}
	return changes, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.told, changes)
	}
}

func (p *presence) tell(studyUID string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.told {
		select {
		case c <- studyUID:
		default:
		}
	}
}
