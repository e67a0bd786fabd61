package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	nafasv1 "nafas/proto/nafas/v1"
)

type categoriesCmd struct {
	connectFlags
	Study string    `arg:"" help:"Study Instance UID."`
	Facts factFlags `embed:"" prefix:"patient-" group:"Patient:"`
}

// Run has a service ask the guidelines about a study that it has read, with
// facts that it cannot know; it keeps none.
func (c *categoriesCmd) Run(s *streams, ctx kongContext) error {
	if err := c.Facts.check(); err != nil {
		return err
	}
	conn, err := c.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	got, err := conn.Triage().SuggestCategories(ctx, c.Facts.request(c.Study))
	if err != nil {
		return err
	}
	if s.format == "json" {
		return printJSON(s.out, got.GetCategories())
	}
	printCategories(s.out, got.GetCategories(), true)
	_, err = fmt.Fprintln(s.out, disclaimer)
	return err
}

// printCategories prints what guidelines suggest: in short, or all of it.
func printCategories(w io.Writer, c *nafasv1.Categories, whole bool) {
	if c == nil {
		return
	}
	fmt.Fprintf(w, "  guidelines: %s\n", lowered(c.GetCaveat().GetText()))
	for _, g := range c.GetGuidelines() {
		name := g.GetName() + " " + g.GetVersion()
		if g.GetExam() != nil {
			fmt.Fprintf(w, "    %s: %s\n", name, suggestionWords(g.GetExam(), examWord(g), whole))
			if !whole {
				continue
			}
		}
		var lines alike
		for _, f := range g.GetFindings() {
			lines.add(f.GetRank(), suggestionWords(f, categoryWord(f.GetCategory()), whole))
		}
		lines.print(w, name)
	}
	var lines alike
	for _, b := range c.GetBrock() {
		switch {
		case whole:
			lines.add(b.GetRank(), b.GetText())
		case b.Probability != nil:
			lines.add(b.GetRank(), fmt.Sprintf("%.1f %% (suggested)", 100*b.GetProbability()))
		default:
			lines.add(b.GetRank(), "none, missing: "+listed(b.GetMissing()))
		}
	}
	lines.print(w, "Brock")
	if n := c.GetNotFlagged(); n > 0 {
		fmt.Fprintf(w, "    not asked about, since they are not flagged: %d\n", n)
	}
}

// alike are lines of findings: what is the same for several is printed once.
type alike struct {
	texts []string
	ranks map[string][]string
}

func (a *alike) add(rank int32, text string) {
	if a.ranks == nil {
		a.ranks = map[string][]string{}
	}
	if len(a.ranks[text]) == 0 {
		a.texts = append(a.texts, text)
	}
	a.ranks[text] = append(a.ranks[text], strconv.Itoa(int(rank)))
}

func (a *alike) print(w io.Writer, name string) {
	for _, text := range a.texts {
		word := "finding"
		if len(a.ranks[text]) > 1 {
			word = "findings"
		}
		fmt.Fprintf(w, "    %s, %s %s: %s\n", name, word, strings.Join(a.ranks[text], ", "), text)
	}
}

// lowered is a sentence as it stands within another.
func lowered(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// suggestionWords are a suggestion in short, or whole.
func suggestionWords(s *nafasv1.Suggestion, category string, whole bool) string {
	if whole {
		return s.GetText()
	}
	parts := []string{}
	if category != "" {
		parts = append(parts, category+" (suggested)")
	}
	switch steps := stepWords(s.GetNow()); {
	case s.GetWithheld() != nil && len(s.GetOptions()) == 0:
		parts = append(parts, "none, "+s.GetWithheld().GetText())
		if len(s.GetMissing()) > 0 {
			parts = append(parts, "missing: "+listed(s.GetMissing()))
		}
	case category == "" && steps != "":
		parts = append(parts, steps+" (suggested)")
	case steps != "":
		parts = append(parts, steps)
	}
	for _, o := range s.GetOptions() {
		answer := strings.TrimSpace(categoryWord(o.GetCategory()) + " " + stepWords(o.GetNow()))
		parts = append(parts, o.GetAssumes().GetText()+": "+answer+" (suggested)")
	}
	return strings.Join(append(parts, restrictions(s)...), "; ")
}

// restrictions are what a suggestion must not be read without: what it assumes,
// and what it leaves to the radiologist.
func restrictions(s *nafasv1.Suggestion) (out []string) {
	if len(s.GetAssumptions()) > 0 {
		out = append(out, listed(s.GetAssumptions()))
	}
	if len(s.GetNeedsRadiologist()) > 0 {
		out = append(out, "for the radiologist: "+listed(s.GetNeedsRadiologist()))
	}
	return out
}

// examWord is the exam's category, and by which finding.
func examWord(g *nafasv1.GuidelineSuggestions) string {
	word := categoryWord(g.GetExam().GetCategory())
	if word != "" && g.GetAtLeast() {
		word = "at least " + word
	}
	return word
}

// categoryWord is a category as people write it: Lung-RADS 4A.
func categoryWord(c *nafasv1.Code) string {
	name, ok := strings.CutPrefix(c.GetCode(), "LUNG_RADS_")
	if !ok {
		return ""
	}
	return "Lung-RADS " + name
}

func stepWords(list []*nafasv1.FollowUpStep) string {
	parts := make([]string, len(list))
	for i, s := range list {
		parts[i] = s.GetText()
	}
	return strings.Join(parts, " / ")
}

func listed(list []*nafasv1.Code) string {
	parts := make([]string, len(list))
	for i, c := range list {
		parts[i] = c.GetText()
	}
	return strings.Join(parts, ", ")
}

// suggestedColumns are those of categoryColumns: of a finding what each guideline
// suggests, and of Lung-RADS what it suggests for the exam.
var suggestedColumns = []string{
	"lung_rads_exam_suggested", "lung_rads_suggested", "fleischner_suggested", "bts_suggested", "european_suggested", "nelson_suggested", "brock_probability",
}

// categoryColumns hold a category, or the name of a row; where nothing is
// suggested the code that says why, in brackets; nothing where the guideline was
// not asked about the finding.
func categoryColumns(c *nafasv1.Categories, rank int32) []string {
	out := make([]string, len(suggestedColumns))
	of := map[string]int{"Lung-RADS": 1, "Fleischner Society": 2, "British Thoracic Society": 3, "European position statement": 4, "NELSON": 5}
	for _, g := range c.GetGuidelines() {
		at, ok := of[g.GetName()]
		if !ok {
			continue
		}
		if at == 1 {
			out[0] = column(g.GetExam())
			if g.GetAtLeast() && g.GetExam().GetCategory() != nil {
				out[0] = ">=" + out[0]
			}
		}
		for _, f := range g.GetFindings() {
			if f.GetRank() == rank {
				out[at] = column(f)
			}
		}
	}
	for _, b := range c.GetBrock() {
		if b.GetRank() != rank {
			continue
		}
		out[6] = "[" + b.GetWithheld().GetCode() + "]"
		if b.Probability != nil {
			out[6] = decimal(b.GetProbability(), 4)
		}
	}
	return out
}

func column(s *nafasv1.Suggestion) string {
	switch {
	case s.GetCategory() != nil:
		return strings.TrimPrefix(s.GetCategory().GetCode(), "LUNG_RADS_")
	case s.GetRule() != "":
		return s.GetRule()
	case s.GetWithheld() != nil:
		return "[" + s.GetWithheld().GetCode() + "]"
	}
	return ""
}
