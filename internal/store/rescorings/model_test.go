package rescorings_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
	"nafas/internal/store/rescorings"
	"nafas/internal/triage"
)

// end is what became of an input.
type end struct {
	state  rescore.SeriesState
	reason string
}

// modelStudy is a study as it should be.
type modelStudy struct {
	state  string
	series map[string]end
	read   map[string]bool // the series that could be read
	parts  map[string]bool
	given  int
	held   bool
	// passedOver: the listing ended it.
	passedOver bool
	token      triage.Token
}

// model is a rescoring as it should be: plain maps, everything counted anew.
type model struct {
	id      int64
	recipe  triage.Recipe
	whole   bool
	state   rescore.State
	planned bool
	cursor  string
	studies map[string]*modelStudy
	loose   map[string]end
	// found are the studies in whose reading files were found that belong to none.
	found               map[string]string
	files, late, erased int64
}

func (m *model) totals() rescore.Totals {
	out := rescore.Totals{Studies: int64(len(m.studies)), Files: m.files, Late: m.late, Erased: m.erased, Reasons: map[string]int64{}}
	count := func(e end) {
		out.Inputs++
		switch e.state {
		case rescore.Waiting:
			out.Waiting++
		case rescore.Scored:
			out.Scored++
		case rescore.Unchanged:
			out.Unchanged++
		case rescore.Skipped:
			out.Skipped++
		case rescore.Failed:
			out.Failed++
		}
		if e.reason != "" {
			out.Reasons[e.reason]++
		}
	}
	for _, s := range m.studies {
		if s.state == "done" {
			out.StudiesDone++
			if s.passedOver {
				out.PassedOver++
			}
		}
		for _, e := range s.series {
			count(e)
		}
	}
	for _, e := range m.loose {
		count(e)
	}
	return out
}

func (m *model) runs() bool {
	return m.state == rescore.StateRunning || m.state == rescore.StatePlanning
}

// settle ends it where everything is done.
func (m *model) settle() {
	if m.planned && !m.state.Final() && m.totals().StudiesDone == int64(len(m.studies)) {
		m.state = rescore.StateDone
	}
}

func (m *model) in(states ...string) []string {
	var out []string
	for _, uid := range slices.Sorted(maps.Keys(m.studies)) {
		if slices.Contains(states, m.studies[uid].state) {
			out = append(out, uid)
		}
	}
	return out
}

// walk is a ledger and its model, driven by chance.
type walk struct {
	*book
	*rand.Rand
	all []*model
	// old are tokens that were ever given, by study.
	old map[string][]triage.Token
}

func TestTotalsAddUpWhateverHappens(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		steps := 1500
		if b.postgres {
			steps = 350
		}
		seed := uint64(20261127)
		w := &walk{book: b, Rand: rand.New(rand.NewPCG(seed, 1)), old: map[string][]triage.Token{}}
		ops := []struct {
			name string
			f    func(m *model)
		}{
			{"plan", w.plan}, {"plan", w.plan}, {"end planning", w.endPlanning}, {"feed", w.feedSome}, {"feed", w.feedSome},
			{"claim", w.claimOne}, {"claim", w.claimOne}, {"claim", w.claimOne}, {"finish", w.finishOne}, {"finish", w.finishOne}, {"finish", w.finishOne},
			{"return", w.returnOne}, {"trouble", w.troubleOne}, {"control", w.controlOne}, {"control", w.controlOne}, {"take over", w.takeOverAll},
			{"erase", w.eraseOne},
		}
		happened := map[string]int{}
		for step := range steps {
			if step%70 == 0 {
				w.begin()
			}
			m := w.all[w.IntN(len(w.all))]
			op := ops[w.IntN(len(ops))]
			op.f(m)
			m.settle()
			happened[op.name]++
			r := b.get(m.id)
			require.Equal(t, m.totals(), r.Totals, "seed %d, step %d: %s", seed, step, op.name)
			require.Equal(t, m.state, r.State, "seed %d, step %d: %s", seed, step, op.name)
			require.Equal(t, m.planned, r.Planned)
			if step%50 == 0 {
				w.compare(m)
			}
		}
		for _, m := range w.all {
			w.compare(m)
			happened[string(m.state)]++
			happened["late"] += int(m.late)
			happened["erased"] += int(m.erased)
		}
		for _, want := range []string{"late", "done", "take over", "erased"} {
			require.NotZero(t, happened[want], "%s never happened: %v", want, happened)
		}
	})
}

// compare compares every row.
func (w *walk) compare(m *model) {
	w.t.Helper()
	w.recount(m.id)
	got := map[string]end{}
	for _, r := range w.rows(m.id) {
		got[r.Path+r.SeriesUID] = end{r.State, r.Reason}
	}
	want := maps.Clone(m.loose)
	for uid, s := range m.studies {
		maps.Copy(want, s.series)
		require.Equal(w.t, s.state, w.studyState(m.id, uid))
	}
	require.Equal(w.t, want, got)
}

func (w *walk) begin() {
	r := []triage.Recipe{recipe, other}[w.IntN(2)]
	w.all = append(w.all, &model{id: w.create(r), recipe: r, whole: w.IntN(2) == 0, state: rescore.StatePlanning, studies: map[string]*modelStudy{}, loose: map[string]end{}, found: map[string]string{}})
}

func (w *walk) plan(m *model) {
	b := rescore.Batch{Cursor: m.cursor + "x"}
	for range 1 + w.IntN(4) {
		study := strconv.Itoa(w.IntN(6))
		n := w.IntN(4)
		p := part(study, fmt.Sprintf("%s.%d", study, n), []string{"CT", "MR", "MR", ""}[n])
		if w.IntN(3) == 0 {
			p.Files[1].Path += "b" // another look at the same series
		}
		b.Parts = append(b.Parts, p)
	}
	if w.IntN(3) == 0 {
		b.Loose = append(b.Loose, loose(fmt.Sprintf("file%d", w.IntN(20)), "MALFORMED", rescore.Failed))
	}
	b.Files = int64(2*len(b.Parts) + len(b.Loose))
	if m.state != rescore.StatePlanning {
		require.ErrorIs(w.t, w.Plan(w.t.Context(), m.id, m.cursor, b), rescore.ErrNotNow)
		return
	}
	require.NoError(w.t, w.Plan(w.t.Context(), m.id, m.cursor, b))
	m.cursor = b.Cursor
	for _, p := range b.Parts {
		m.take(p)
	}
	for _, l := range b.Loose {
		if _, known := m.loose[l.Path]; !known {
			m.loose[l.Path] = end{l.State, l.Reason}
			m.files++
		}
	}
}

func (m *model) take(p rescore.Part) {
	s := m.studies[p.StudyUID]
	if s == nil {
		s = &modelStudy{state: "waiting", series: map[string]end{}, read: map[string]bool{}, parts: map[string]bool{}}
		m.studies[p.StudyUID] = s
	}
	look := p.SeriesUID + p.Files[1].Path
	if s.parts[look] {
		return
	}
	s.parts[look] = true
	m.files += 2
	s.read[p.SeriesUID] = rescore.Readable(p.Modality)
	if _, known := s.series[p.SeriesUID]; !known {
		s.series[p.SeriesUID] = end{rescore.Waiting, ""}
	}
	if s.state == "done" {
		s.state, s.held = "waiting", false
	}
}

func (w *walk) endPlanning(m *model) {
	if w.IntN(3) > 0 && len(m.studies) < 4 {
		return
	}
	err := w.EndPlanning(w.t.Context(), m.id, rescore.Readable, at)
	if m.state != rescore.StatePlanning {
		require.ErrorIs(w.t, err, rescore.ErrNotNow)
		return
	}
	require.NoError(w.t, err)
	m.planned, m.state = true, rescore.StateRunning
	for _, s := range m.studies {
		if s.state != "waiting" || slices.Contains(slices.Collect(maps.Values(s.read)), true) {
			continue
		}
		s.state, s.passedOver = "done", true
		for uid, e := range s.series {
			if e.state == rescore.Waiting {
				s.series[uid] = end{rescore.Skipped, "NOT_CT"}
			}
		}
	}
}

func (w *walk) feedSome(m *model) {
	ahead := w.IntN(5)
	n, err := w.Feed(w.t.Context(), m.id, ahead, m.whole)
	require.NoError(w.t, err)
	want := 0
	if m.state == rescore.StateRunning || m.state == rescore.StatePlanning && m.whole {
		want = max(0, min(ahead-len(m.in("queued")), len(m.in("waiting"))))
	}
	require.Equal(w.t, want, n)
	for _, uid := range m.in("waiting") {
		if s := m.studies[uid]; w.studyState(m.id, uid) == "queued" {
			s.state, s.held = "queued", false
			n--
		}
	}
	require.Zero(w.t, n)
}

func (w *walk) claimOne(m *model) {
	there := m.in("queued", "running")
	if len(there) == 0 {
		return
	}
	uid := there[w.IntN(len(there))]
	s := m.studies[uid]
	token := w.fetch(w.jobOf(m.id, uid), "w1")
	c, err := w.Claim(w.t.Context(), token, m.id, uid, "w1")
	if !m.runs() {
		require.ErrorIs(w.t, err, rescore.ErrNotNow)
		s.state, s.held = "waiting", false
		return
	}
	require.NoError(w.t, err)
	require.Len(w.t, c.Parts, len(s.read))
	s.state, s.held, s.token, s.given = "running", true, token, len(s.parts)
	w.old[key(m, uid)] = append(w.old[key(m, uid)], token)
}

func key(m *model, uid string) string { return fmt.Sprint(m.id, " ", uid) }

// attempt picks an attempt at a study, mostly the one that has it.
func (w *walk) attempt(m *model) (uid string, token triage.Token, owned, ok bool) {
	var all []string
	for _, uid := range slices.Sorted(maps.Keys(m.studies)) {
		if len(w.old[key(m, uid)]) > 0 {
			all = append(all, uid)
		}
	}
	if len(all) == 0 {
		return "", triage.Token{}, false, false
	}
	uid = all[w.IntN(len(all))]
	old := w.old[key(m, uid)]
	token = old[len(old)-1]
	if w.IntN(5) == 0 {
		token = old[w.IntN(len(old))]
	}
	s := m.studies[uid]
	return uid, token, s.held && s.token == token && s.state != "done", true
}

func (w *walk) finishOne(m *model) {
	uid, token, owned, ok := w.attempt(m)
	if !ok {
		return
	}
	s := m.studies[uid]
	o := outcome(uid)
	said := map[string]end{}
	for _, series := range append(slices.Sorted(maps.Keys(s.read)), uid+".9") {
		switch w.IntN(6) {
		case 0: // nothing is said of it
		case 1:
			o.Series, said[series] = append(o.Series, failed(series, "MALFORMED")), end{rescore.Failed, "MALFORMED"}
		case 2:
			o.Series, said[series] = append(o.Series, skipped(series, "NO_LUNG")), end{rescore.Skipped, "NO_LUNG"}
		default:
			o.Series, said[series] = append(o.Series, scored(uid, series, m.recipe)), end{rescore.Scored, ""}
		}
	}
	path := fmt.Sprintf("file%d", w.IntN(20))
	if w.IntN(4) == 0 {
		o.Loose = append(o.Loose, loose(path, "MALFORMED", rescore.Failed))
	}
	err := w.Finish(w.t.Context(), token, m.id, m.recipe, o)
	switch {
	case s.state == "done" && s.held && s.token == token:
		require.NoError(w.t, err, "it was heard already")
	case !owned:
		require.ErrorIs(w.t, err, triage.ErrFenced)
		m.late++
	case s.given != len(s.parts):
		require.NoError(w.t, err)
		s.state, s.held = "waiting", false
	default:
		require.NoError(w.t, err)
		maps.Copy(s.series, said)
		for series, e := range s.series {
			if e.state == rescore.Waiting {
				s.series[series] = end{rescore.Failed, "INTERNAL"}
			}
		}
		s.state = "done"
		if _, known := m.loose[path]; len(o.Loose) > 0 && !known {
			m.loose[path], m.found[path] = end{rescore.Failed, "MALFORMED"}, uid
		}
	}
}

// eraseOne erases a study from all rescorings.
func (w *walk) eraseOne(*model) {
	if w.IntN(2) > 0 {
		return
	}
	for first, n := w.IntN(6), 0; n < 6; n++ {
		uid := strconv.Itoa((first + n) % 6)
		_, err := w.Erase(w.t.Context(), []string{uid}, at)
		if slices.ContainsFunc(w.all, func(m *model) bool { return m.studies[uid] != nil && !m.planned && !m.state.Final() }) {
			require.ErrorIs(w.t, err, rescorings.ErrListing)
			continue
		}
		require.NoError(w.t, err)
		for _, m := range w.all {
			m.erase(uid)
		}
		return
	}
}

func (m *model) erase(uid string) {
	s := m.studies[uid]
	if s == nil {
		return
	}
	m.erased += int64(len(s.series))
	delete(m.studies, uid)
	for path, of := range m.found {
		if of == uid {
			m.erased++
			delete(m.loose, path)
			delete(m.found, path)
		}
	}
	m.cursor = ""
	m.settle()
}

func (w *walk) returnOne(m *model) {
	uid, token, owned, ok := w.attempt(m)
	if !ok {
		return
	}
	err := w.Return(w.t.Context(), token, m.id, uid)
	if !owned {
		require.ErrorIs(w.t, err, triage.ErrFenced)
		m.late++
		return
	}
	require.NoError(w.t, err)
	m.studies[uid].state, m.studies[uid].held = "waiting", false
}

func (w *walk) troubleOne(m *model) {
	uid, token, owned, ok := w.attempt(m)
	if !ok {
		return
	}
	_, err := w.Trouble(w.t.Context(), token, m.id, uid, triage.TroubleError)
	if !owned {
		require.ErrorIs(w.t, err, triage.ErrFenced)
		m.late++
		return
	}
	require.NoError(w.t, err)
	m.studies[uid].state = "queued"
}

func (w *walk) controlOne(m *model) {
	to := []rescore.State{rescore.StatePaused, rescore.StateRunning, rescore.StateRunning, rescore.StateRunning, rescore.StateCancelled}[w.IntN(5)]
	if to == rescore.StateCancelled && w.IntN(6) > 0 {
		return
	}
	_, err := w.Control(w.t.Context(), m.id, to, "", at)
	if m.state == rescore.StateDone || m.state == rescore.StateCancelled && to != rescore.StateCancelled {
		require.ErrorIs(w.t, err, rescore.ErrState)
		return
	}
	require.NoError(w.t, err)
	if to == rescore.StateRunning && !m.planned {
		to = rescore.StatePlanning
	}
	if m.state == to {
		return // the same again changes nothing
	}
	if m.state = to; m.runs() {
		return
	}
	for _, uid := range m.in("queued") {
		m.studies[uid].state, m.studies[uid].held = "waiting", false
	}
}

// takeOverAll is as if every worker had died.
func (w *walk) takeOverAll(*model) {
	if w.IntN(3) > 0 {
		return
	}
	w.takeOver(time.Now().Add(time.Hour))
	for _, m := range w.all {
		for _, uid := range m.in("running") {
			m.studies[uid].state, m.studies[uid].held = "queued", false
		}
	}
}
