package review

import "slices"

// Fold says what a log amounts to. now is what the study is now, which decides
// whether a signature is outdated.
func Fold(log []Entry, now Subject) State {
	b := readBook(log)
	s := State{Answers: map[Ref]Answered{}, Signed: b.signed, Entries: log, Outdated: b.signed != nil && !now.isWhat(*b.signed)}
	if len(log) > 0 {
		s.Version = log[len(log)-1].Number
	}
	for ref, said := range b.answers {
		if top := said.top(); top != nil {
			s.Answers[ref] = *top
		}
	}
	for _, id := range b.order {
		if top := b.marks[id].top(); top != nil {
			s.Marks = append(s.Marks, *top)
		}
	}
	return s
}

// CanUndo is the number of the entry that an undo of the reader would undo; 0:
// none.
func (s State) CanUndo(r Reader) int64 { return readBook(s.Entries).undoable(r.orLocal().Name) }

// Undone says whether a later entry undid the one of this number.
func (s State) Undone(number int64) bool {
	return slices.ContainsFunc(s.Entries, func(e Entry) bool { return e.Action.Kind == KindUndo && e.Action.Undoes == number })
}

// Current says whether an answer is of one of these results, and not of an
// earlier one of the same series.
func (r Ref) Current(results []Result) bool {
	return slices.ContainsFunc(results, func(c Result) bool {
		return c.SeriesUID == r.SeriesUID && c.Key == r.ResultKey && slices.Contains(c.Ranks, r.Rank)
	})
}

// layers are what was said of one subject, the latest last; an undo takes the
// last one away. A nil value: nothing stands.
type layers[T any] []layer[T]

type layer[T any] struct {
	number int64
	value  *T
}

func (l layers[T]) top() *T {
	if len(l) == 0 {
		return nil
	}
	return l[len(l)-1].value
}

// isTop says whether the entry of this number decides.
func (l layers[T]) isTop(number int64) bool { return len(l) > 0 && l[len(l)-1].number == number }

// without takes the entry of this number away.
func (l layers[T]) without(number int64) layers[T] {
	return slices.DeleteFunc(l, func(one layer[T]) bool { return one.number == number })
}

// book is a log in the order of its subjects.
type book struct {
	log     []Entry
	answers map[Ref]layers[Answered]
	marks   map[string]layers[Marked]
	// order are the marks as they were added.
	order  []string
	signed *Signature
	undone map[int64]bool
}

func readBook(log []Entry) *book {
	b := &book{log: log, answers: map[Ref]layers[Answered]{}, marks: map[string]layers[Marked]{}, undone: map[int64]bool{}}
	for _, e := range log {
		b.read(e)
	}
	return b
}

func (b *book) read(e Entry) {
	a := e.Action
	switch a.Kind {
	case KindAnswer:
		var said *Answered
		if a.Answer.Verdict != "" {
			said = &Answered{Answer: *a.Answer, By: e.Reader, At: e.At}
		}
		b.answers[*a.Finding] = append(b.answers[*a.Finding], layer[Answered]{e.Number, said})
	case KindAdd, KindChange:
		if a.Kind == KindAdd {
			b.order = append(b.order, a.Mark.ID)
		}
		b.marks[a.Mark.ID] = append(b.marks[a.Mark.ID], layer[Marked]{e.Number, &Marked{Mark: *a.Mark, By: e.Reader, At: e.At}})
	case KindRemove:
		b.marks[a.MarkID] = append(b.marks[a.MarkID], layer[Marked]{e.Number, nil})
	case KindSign:
		b.signed = &Signature{By: e.Reader, At: e.At, ResultKeys: a.ResultKeys, NotAssessed: e.NotAssessed}
	case KindReopen:
		b.signed = nil
	case KindUndo:
		b.undo(a.Undoes)
	}
}

func (b *book) undo(number int64) {
	b.undone[number] = true
	switch s := b.subject(number); {
	case s.mark != "":
		b.marks[s.mark] = b.marks[s.mark].without(number)
	default:
		b.answers[s.finding] = b.answers[s.finding].without(number)
	}
}

// subject is what an action is about: a finding, a mark, or the whole study.
type subject struct {
	finding Ref
	mark    string
	study   bool
}

// subject of the entry of this number; an undo's is that of what it undid.
func (b *book) subject(number int64) subject {
	i := slices.IndexFunc(b.log, func(e Entry) bool { return e.Number == number })
	if i < 0 {
		return subject{}
	}
	return b.about(b.log[i].Action)
}

func (b *book) about(a Action) subject {
	switch a.Kind {
	case KindAnswer:
		return subject{finding: *a.Finding}
	case KindAdd:
		return subject{mark: a.ID}
	case KindChange, KindRemove:
		return subject{mark: a.MarkID}
	case KindUndo:
		return b.subject(a.Undoes)
	}
	return subject{study: true}
}

// undoable is the latest entry of the reader that is not undone, if it still
// decides: nobody has said anything else of the same since. Undo does not reach
// behind a sign-off or a reopening, anybody's: what was signed is changed by
// saying something else.
func (b *book) undoable(reader string) int64 {
	for i := len(b.log) - 1; i >= 0; i-- {
		e := b.log[i]
		switch {
		case e.Action.Kind == KindSign || e.Action.Kind == KindReopen:
			return 0
		case e.Reader.Name != reader || e.Action.Kind == KindUndo || b.undone[e.Number]:
			continue
		case b.decides(e):
			return e.Number
		}
		return 0
	}
	return 0
}

func (b *book) decides(e Entry) bool {
	s := b.about(e.Action)
	return b.marks[s.mark].isTop(e.Number) || b.answers[s.finding].isTop(e.Number)
}
