package rescorings_test

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
	"nafas/internal/store"
	"nafas/internal/store/rescorings"
	"nafas/internal/triage"
)

// UIDs as long as real ones: shorter ones may stand anywhere by chance.
const (
	noor     = "1.2.826.0.1.3680043.8.498.9001"
	somebody = "1.2.826.0.1.3680043.8.498.7001"
)

// spelled is how PostgreSQL writes bytes.
var spelled = regexp.MustCompile(`\\x([0-9a-f]{2})+`)

// names says whether a text holds a UID, and not as a part of another one.
func names(text, uid string) bool {
	return regexp.MustCompile(`(^|[^0-9.]|[^0-9]\.)` + regexp.QuoteMeta(uid) + `($|[^0-9.]|\.[^0-9])`).MatchString(text)
}

// traces lists the tables in which a UID stands; in SQLite the files too.
func (b *book) traces(uids ...string) (found []string) {
	b.t.Helper()
	tables, as := `SELECT name FROM sqlite_schema WHERE type = 'table'`, ``
	if b.postgres {
		tables, as = `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`, `t::text`
	}
	for _, table := range b.strings(tables) {
		row := as
		if !b.postgres {
			columns := b.strings(fmt.Sprintf(`SELECT 'CAST(COALESCE("' || name || '", '''') AS TEXT)' FROM pragma_table_info('%s')`, table))
			row = strings.Join(columns, " || ' ' || ")
		}
		for _, text := range b.strings(fmt.Sprintf(`SELECT %s FROM %q AS t`, row, table)) {
			text = spelled.ReplaceAllStringFunc(text, func(s string) string {
				raw, err := hex.DecodeString(s[2:])
				require.NoError(b.t, err)
				return " " + string(raw)
			})
			for _, uid := range uids {
				if names(text, uid) {
					found = append(found, table+": "+text)
				}
			}
		}
	}
	if b.postgres {
		return found
	}
	files, err := filepath.Glob(filepath.Join(b.dir, "*"))
	require.NoError(b.t, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(b.t, err)
		for _, uid := range uids {
			if names(string(data), uid) {
				found = append(found, filepath.Base(file)+" holds "+uid)
			}
		}
	}
	return found
}

func (b *book) strings(query string) (out []string) {
	b.t.Helper()
	rows, err := b.raw.QueryContext(b.t.Context(), query)
	require.NoError(b.t, err)
	defer rows.Close()
	for rows.Next() {
		var s string
		require.NoError(b.t, rows.Scan(&s))
		out = append(out, s)
	}
	require.NoError(b.t, rows.Err())
	return out
}

func (b *book) erase(uids ...string) store.RescoringsErasure {
	b.t.Helper()
	would, err := b.Erasable(b.t.Context(), uids)
	require.NoError(b.t, err)
	did, err := b.Erase(b.t.Context(), uids, at)
	require.NoError(b.t, err)
	require.Equal(b.t, would, did, "it was said before")
	return did
}

// twoStudies are of two patients: one has a CT and an MR series, and files that
// belong to none.
func twoStudies(cursor string) rescore.Batch {
	b := batch(cursor, part(noor, noor+".1", "CT"), part(noor, noor+".2", "MR"), part(somebody, somebody+".1", "CT"))
	b.Loose = []rescore.Loose{
		loose(noor+"/bad.dcm", "MALFORMED", rescore.Failed), loose("x/CT."+noor+".1.dcm", rescore.ReasonNotDICOM, rescore.Skipped),
		loose("x/"+noor+"7/bad.dcm", "MALFORMED", rescore.Failed), loose("bad.dcm", "MALFORMED", rescore.Failed),
	}
	return b
}

// readNoor ends her study, with a file that could not be read.
func (b *book) readNoor(id int64, r triage.Recipe) {
	b.t.Helper()
	token, _ := b.claim(id, noor, "w1")
	o := outcome(noor, scored(noor, noor+".1", r), skipped(noor+".2", "NOT_CT"))
	o.Loose = []rescore.Loose{loose("deep/in.dcm", "MALFORMED", rescore.Failed)}
	o.Verdict = &rescore.Verdict{SeriesUID: noor + ".1", Priority: triage.PriorityUrgent}
	require.NoError(b.t, b.Finish(b.t.Context(), token, id, r, o))
}

func (b *book) plan(id int64, plan rescore.Batch) {
	b.t.Helper()
	require.NoError(b.t, b.Plan(b.t.Context(), id, "", plan))
	require.NoError(b.t, b.EndPlanning(b.t.Context(), id, rescore.Readable, at))
}

func TestAnErasureLeavesNoTraceAndTheSumsHold(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		// Through; her study is in the list that readers are shown.
		through := b.create(recipe)
		b.plan(through, twoStudies("at "+noor))
		b.feed(through, 2)
		b.readNoor(through, recipe)
		b.finish(through, somebody)
		entries := entriesOf("1", 5)
		entries[1].StudyUID, entries[3].StudyUID = noor, noor
		require.NoError(t, b.Publish(t.Context(), listOf(through, at), entries))
		// Her study alone is left, and is being read.
		inHand := b.create(other)
		b.plan(inHand, twoStudies("end"))
		b.feed(inHand, 2)
		b.finish(inHand, somebody)
		late, _ := b.claim(inHand, noor, "w1")
		n, err := b.Trouble(t.Context(), late, inHand, noor, triage.TroubleError)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		b.do(`UPDATE river_job SET errors = %s WHERE id = %d`, map[bool]string{
			true: `ARRAY['{"error": "` + noor + `"}']::jsonb[]`, false: `'[{"error": "` + noor + `"}]'`}[b.postgres], late.JobID)
		// Cancelled before it was listed, by a list of studies.
		listed, err := b.Create(t.Context(), rescore.Rescoring{
			Source: rescore.SourceSpec{Kind: rescore.SourceWeb, URL: "http://pacs", Studies: []string{noor, somebody}}, Recipe: recipe, CreatedAt: at,
		})
		require.NoError(t, err)
		require.NoError(t, b.Plan(t.Context(), listed.ID, "", batch(noor, part(noor, noor+".1", "CT"))))
		// Without her.
		without := b.planned(other, part(somebody, somebody+".1", "CT"))

		ids := []int64{through, inHand, listed.ID, without}
		before := map[int64]rescore.Rescoring{}
		rowsBefore := map[int64][]rescore.Row{}
		look := func() {
			for _, id := range ids {
				before[id], rowsBefore[id] = b.get(id), b.rows(id)
			}
		}
		look()
		_, err = b.Erase(t.Context(), []string{noor}, at)
		require.ErrorIs(t, err, rescorings.ErrListing)
		require.ErrorContains(t, err, fmt.Sprintf("rescoring %d ", listed.ID))
		for _, id := range ids {
			require.Equal(t, before[id], b.get(id), "nothing has changed")
			require.Equal(t, rowsBefore[id], b.rows(id))
		}
		_, err = b.Control(t.Context(), listed.ID, rescore.StateCancelled, "", at)
		require.NoError(t, err)
		look()

		require.Equal(t, store.RescoringsErasure{
			KeptIn: map[bool]string{true: "PostgreSQL", false: "rescore.db"}[b.postgres], Results: 1,
			Rescorings: []store.RescoringErasure{
				{Rescoring: through, Studies: 1, Inputs: 5, ListEntries: 2}, {Rescoring: inHand, Studies: 1, Inputs: 4},
				{Rescoring: listed.ID, Studies: 1, Inputs: 1, Listed: 1},
			},
		}, b.erase(noor))
		lost := map[int64]int64{through: 5, inHand: 4, listed.ID: 1, without: 0}
		for _, id := range ids {
			b.recount(id)
			got, was := b.get(id).Totals, before[id].Totals
			require.Equal(t, lost[id], got.Erased)
			require.Equal(t, was.Inputs, got.Inputs+got.Erased)
			require.Equal(t, got.Inputs, got.Waiting+got.Ended())
			left := slices.DeleteFunc(rowsBefore[id], func(r rescore.Row) bool {
				return r.StudyUID == noor || names(r.Path, noor) || names(r.Path, noor+".1") || r.Path == "deep/in.dcm"
			})
			require.ElementsMatch(t, left, b.rows(id), "and every other input is as it was")
		}
		require.Equal(t, rescore.StateDone, b.get(inHand).State, "nothing else waited")
		require.Equal(t, []string{somebody}, b.get(listed.ID).Source.Studies)
		require.Empty(t, b.traces(noor, noor+".1", noor+".2"))
		require.NotEmpty(t, b.traces(noor+"7"), "another one's UID")
		require.Zero(t, b.number(`SELECT count(*) FROM result WHERE series_uid = '%s.1'`, noor))
		require.EqualValues(t, 2, b.number(`SELECT count(*) FROM result`), "somebody's are all there")

		list, page, err := b.ListEntries(t.Context(), through, 0, 10)
		require.NoError(t, err)
		require.Equal(t, 3, list.Entries)
		for i, was := range []int{0, 2, 4} {
			want := entries[was]
			want.Place = i + 1
			require.Equal(t, want, page[i], "in the order as before, without a gap")
		}

		require.ErrorIs(t, b.Finish(t.Context(), late, inHand, other, outcome(noor, scored(noor, noor+".1", other))), triage.ErrFenced)
		require.EqualValues(t, 1, b.get(inHand).Totals.Late)
		require.Equal(t, "cancelled", b.jobState(late.JobID))
		require.True(t, b.erase(noor).Empty(), "once")
		again := b.create(recipe)
		b.plan(again, batch("", part(noor, noor+".1", "CT")))
		b.feed(again, 1)
		_, c := b.claim(again, noor, "w1")
		require.Empty(t, c.Known, "nothing is known of her")
		require.Nil(t, c.Earlier)
	})
}

// A number that was given twice: what is said of the other's images stays.
func TestAnotherStudyWithTheSameSeriesKeepsItsResult(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		series := noor + ".1"
		id := b.planned(recipe, part(noor, series, "CT"), part(somebody, series, "CT"))
		b.feed(id, 2)
		for _, study := range []string{noor, somebody} {
			token, _ := b.claim(id, study, "w1")
			one := scored(study, series, recipe)
			one.Result.Key = "of " + study
			require.NoError(t, b.Finish(t.Context(), token, id, recipe, outcome(study, one)))
		}
		require.EqualValues(t, 1, b.erase(noor).Results)
		rows := b.rows(id)
		require.Len(t, rows, 1)
		require.Equal(t, "of "+somebody, rows[0].Result.Key)
		b.recount(id)
	})
}

// A file is written over where an erasure was broken off before that, and nobody
// erases beside who works.
func TestErasingInAFile(t *testing.T) {
	b := onSQLite(t)
	id := b.planned(recipe, part(noor, noor+".1", "CT"))
	beside, err := rescorings.OpenSQLite(t.Context(), b.dir, rescorings.Options{})
	require.NoError(t, err)
	_, err = beside.Erase(t.Context(), []string{noor}, at)
	require.ErrorContains(t, err, "lock")
	require.NoError(t, beside.Close())
	require.EqualValues(t, 1, b.get(id).Totals.Studies)

	for _, table := range []string{"part", "series", "study"} {
		b.do(`DELETE FROM %s`, table)
	}
	require.NotEmpty(t, b.traces(noor))
	require.True(t, b.erase(noor).Empty())
	require.Empty(t, b.traces(noor))
	require.NoError(t, store.Searched(filepath.Join(b.dir, store.RescoringsFile), []string{noor}))
}

// A database of before one could erase has had nothing erased.
func TestADatabaseOfBeforeCanBeErasedFrom(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		id := b.planned(recipe, part(noor, noor+".1", "CT"))
		b.do(`DROP INDEX series_result`)
		b.do(`ALTER TABLE standing DROP COLUMN erased`)
		b.do(`DELETE FROM schema_version WHERE version = 3`)
		l, err := b.reopen()
		require.NoError(t, err)
		require.NoError(t, l.Close())
		require.Zero(t, b.get(id).Totals.Erased)
		b.erase(noor)
		got := b.get(id)
		require.Equal(t, rescore.Totals{Erased: 1, Files: 2, Reasons: map[string]int64{}}, got.Totals)
		require.Equal(t, rescore.StateDone, got.State)
	})
}

// A study that somebody erases while its worker writes is gone, whoever comes
// first.
func TestErasingBesideAWorkerThatWrites(t *testing.T) {
	onEach(t, func(t *testing.T, b *book) {
		for i := range 10 {
			id := b.planned(recipe, part(noor, noor+".1", "CT"), part(somebody, somebody+".1", "CT"))
			b.feed(id, 2)
			token, _ := b.claim(id, noor, "w1")
			written := make(chan error)
			go func() {
				written <- b.Finish(t.Context(), token, id, recipe, outcome(noor, scored(noor, noor+".1", recipe)))
			}()
			time.Sleep(time.Duration(i) * time.Millisecond / 2)
			_, err := b.Erase(t.Context(), []string{noor}, at)
			require.NoError(t, err)
			if err := <-written; err != nil {
				require.ErrorIs(t, err, triage.ErrFenced)
			}
			b.recount(id)
			require.EqualValues(t, 1, b.get(id).Totals.Erased)
			require.Empty(t, b.traces(noor))
		}
	})
}
