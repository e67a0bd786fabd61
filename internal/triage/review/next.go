package review

import (
	"fmt"
	"reflect"
	"slices"
	"time"
)

// Local is who acts where nobody has a name: on the machine itself, without
// users and tokens. He may answer, and not sign.
var Local = Reader{Name: "local", Display: "local"}

// Named says whether it is known who the reader is.
func (r Reader) Named() bool { return r.Name != "" && r.Name != Local.Name }

func (r Reader) orLocal() Reader {
	if r.Name == "" {
		return Local
	}
	return r
}

// MostEntries bounds the log of one study.
const MostEntries = 10000

// Subject is the study that is reviewed, as it is now.
type Subject struct {
	// Final: nothing more happens to it by itself.
	Final bool
	// NotAssessed is the code of why there is no result; "" where there is one.
	NotAssessed string
	// Results are those that are shown.
	Results []Result
	// Imaged: the image that the action's mark names is, or was until its days had
	// passed, one of the series that it names.
	Imaged bool
}

// Result is a result that may be answered: Ranks are those of its findings.
type Result struct {
	SeriesUID, Key string
	Ranks          []int
}

// keys are those of the results, sorted.
func (s Subject) keys() []string {
	var out []string
	for _, r := range s.Results {
		out = append(out, r.Key)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// isWhat says whether the study is what was signed.
func (s Subject) isWhat(signed Signature) bool {
	return slices.Equal(s.keys(), signed.ResultKeys) && s.NotAssessed == signed.NotAssessed
}

// Next is the entry that an action adds to a log; nil where the same action is in
// it already. seen is the Version that the reader saw. Errors: ErrConflict,
// *InvalidError.
//
// Two readers contradict each other where one acts on a finding, or on a mark, of
// which the other has said something since what he saw; where one signs or reopens,
// and the other has done anything since; and where one does anything, and the other
// has signed or reopened since. What the reader did himself never stands in his way.
func Next(log []Entry, now Subject, who Reader, seen int64, a Action, at time.Time) (*Entry, error) {
	a = a.clean()
	if err := a.valid(); err != nil {
		return nil, err
	}
	who = who.orLocal()
	if done, err := isThere(log, who, a); done || err != nil {
		return nil, err
	}
	b := readBook(log)
	if err := b.conflict(who, seen, a); err != nil {
		return nil, err
	}
	if len(log) >= MostEntries {
		return nil, invalid("kind", "cannot be added: the review of this study has %d entries, which is the most", MostEntries)
	}
	if err := b.allows(now, who, a); err != nil {
		return nil, err
	}
	e := &Entry{Number: int64(len(log)) + 1, At: at, Reader: who, Action: a, From: b.before(a)}
	if a.Kind == KindSign {
		e.NotAssessed = now.NotAssessed
	}
	return e, nil
}

// isThere says whether the log has the action already.
func isThere(log []Entry, who Reader, a Action) (bool, error) {
	i := slices.IndexFunc(log, func(e Entry) bool { return e.Action.ID == a.ID })
	if i < 0 {
		return false, nil
	}
	if log[i].Reader.Name != who.Name || !reflect.DeepEqual(log[i].Action, a) {
		return false, invalid("id", "is that of another action: make a new UUID for every action")
	}
	return true, nil
}

func (b *book) conflict(who Reader, seen int64, a Action) error {
	if seen < 0 {
		return invalid("seen", "is below 0: 0 stands for a review without entries")
	}
	if seen > int64(len(b.log)) {
		return fmt.Errorf("%w (version %d was seen, and there are %d entries)", ErrConflict, seen, len(b.log))
	}
	mine := b.about(a)
	for _, e := range b.log {
		if e.Number <= seen || e.Reader.Name == who.Name {
			continue
		}
		if its := b.about(e.Action); mine.study || its.study || its == mine {
			return fmt.Errorf("%w (another reader's entry %d)", ErrConflict, e.Number)
		}
	}
	return nil
}

// allows says whether the action can follow the log.
func (b *book) allows(now Subject, who Reader, a Action) error {
	if a.Kind == KindSign || a.Kind == KindReopen {
		return b.allowsSign(now, who, a)
	}
	if b.signed != nil {
		return invalid("kind", "cannot be done: the study is signed off; reopen it first")
	}
	switch a.Kind {
	case KindAnswer:
		return b.allowsAnswer(now, a)
	case KindAdd, KindChange, KindRemove:
		return b.allowsMark(now, a)
	}
	if can := b.undoable(who.Name); can != a.Undoes {
		if can == 0 {
			return invalid("undoes", "cannot be undone: there is nothing of yours that nobody has changed or signed since")
		}
		return invalid("undoes", "is not your latest entry, which is %d: undo that first", can)
	}
	return nil
}

func (b *book) allowsSign(now Subject, who Reader, a Action) error {
	switch {
	case !who.Named():
		return invalid("kind", "needs a reader with a name: sign in as a user, or use a token")
	case a.Kind == KindReopen && b.signed == nil:
		return invalid("kind", "cannot be done: the study is not signed off")
	case a.Kind == KindReopen:
		return nil
	case b.signed != nil:
		return invalid("kind", "cannot be done: the study is signed off; reopen it first")
	case !now.Final:
		return invalid("kind", "cannot be done yet: the study is still being received or read; sign it when its result is there")
	case !slices.Equal(now.keys(), a.ResultKeys):
		return fmt.Errorf("%w (the results are others than those that were seen)", ErrConflict)
	}
	return nil
}

func (b *book) allowsAnswer(now Subject, a Action) error {
	if !a.Finding.Current(now.Results) {
		if slices.ContainsFunc(now.Results, func(r Result) bool { return r.SeriesUID == a.Finding.SeriesUID && r.Key != a.Finding.ResultKey }) {
			return fmt.Errorf("%w (the result of the series is another one than was seen)", ErrConflict)
		}
		return invalid("finding", "is not in the results of this study")
	}
	if a.Answer.Verdict == "" && b.answers[*a.Finding].top() == nil {
		return invalid("answer.verdict", "is missing: there is no answer to take back")
	}
	return nil
}

func (b *book) allowsMark(now Subject, a Action) error {
	if a.Kind != KindAdd && b.marks[a.MarkID].top() == nil {
		return invalid("mark_id", "is that of no mark: it was removed, or never added")
	}
	if a.Kind != KindRemove && !now.Imaged {
		return invalid("mark.sop_instance_uid", "is that of no image of the series in this study")
	}
	return nil
}

// before is what the action replaces.
func (b *book) before(a Action) *Before {
	var out Before
	switch s := b.about(a); {
	case s.study:
		out.Signed = b.signed
	case s.mark != "":
		if top := b.marks[s.mark].top(); top != nil {
			out.Mark = &top.Mark
		}
	default:
		if top := b.answers[s.finding].top(); top != nil {
			out.Answer = &top.Answer
		}
	}
	if out == (Before{}) {
		return nil
	}
	return &out
}
