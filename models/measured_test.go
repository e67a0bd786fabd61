package models_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/models"
)

// sections of docs/accuracy.md by set, and the beginnings of their rows by what.
var (
	sections  = map[string]string{"real": "## Real lesions", "simulated": "## Simulated nodules", "phantoms": "## Phantoms"}
	firstCell = map[string]string{
		"real/all": "1", "phantoms/all": "shipped", "simulated/size_4_6": "4 to 6 mm", "simulated/size_6_8": "6 to 8 mm",
		"simulated/size_8": "8 mm and more", "simulated/calcified": "calcified", "simulated/ground_glass": "ground-glass",
		"simulated/part_solid": "part-solid", "simulated/solid": "solid",
	}
	spaces = regexp.MustCompile(`\s+`)
)

// No figure is anybody's invention: each stands in the page that is made of the
// marks, in its row and its column, and each sentence in the model's card.
func TestMeasured(t *testing.T) {
	page, err := os.ReadFile("../docs/accuracy.md")
	require.NoError(t, err)
	for _, name := range models.Names() {
		m, ok, err := models.MeasuredOf(name)
		require.NoError(t, err)
		require.True(t, ok, name)
		require.NotEmpty(t, m.Figures)
		for _, f := range m.Figures {
			require.Contains(t, cellOf(t, string(page), f), fmt.Sprintf("(%d of %d)", f.Hit, f.Of), "%+v", f)
		}
		card, err := os.ReadFile(name + "/card.md")
		require.NoError(t, err)
		require.NotEmpty(t, m.Limits)
		for _, l := range m.Limits {
			require.NotEmpty(t, l.Code)
			require.Contains(t, spaces.ReplaceAllString(string(card), " "), strings.TrimSuffix(strings.TrimSpace(l.Text), "."), l.Code)
		}
	}
}

// cellOf is the cell of a figure in the page.
func cellOf(t *testing.T, page string, f models.Figure) string {
	t.Helper()
	_, section, ok := strings.Cut(page, sections[f.Set])
	require.True(t, ok, f.Set)
	section, _, _ = strings.Cut(section, "\n## ")
	begin, column := firstCell[f.Set+"/"+f.What], map[string]int{"one": 1, "four": 2}[f.Point]
	require.NotEmpty(t, begin, "%+v", f)
	require.NotZero(t, column, "%+v", f)
	if f.Set == "real" { // one row for each point
		begin, column = map[string]string{"one": "1", "four": "4"}[f.Point], 1
	}
	if f.Set == "phantoms" {
		column++
	}
	for line := range strings.SplitSeq(section, "\n") {
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if len(cells) > column && cells[0] == begin {
			return cells[column]
		}
	}
	require.Fail(t, "no such row", "%+v", f)
	return ""
}

func TestMeasuredOfUnknownModels(t *testing.T) {
	_, ok, err := models.MeasuredOf("/somebody/elses")
	require.NoError(t, err)
	require.False(t, ok)
}
