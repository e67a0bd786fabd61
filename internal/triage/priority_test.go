package triage_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/ctwriter"
	"nafas/dicomio/refusal"
	"nafas/inference/measure"
	"nafas/inference/prior"
	"nafas/inference/volume"
	"nafas/internal/triage"
	"nafas/internal/triage/priority"
	"nafas/models/manifest"
)

// sized is a finding that was measured.
func sized(rank int, score, mm float64, kind measure.Kind) triage.Finding {
	var f triage.Finding
	f.Rank, f.Score, f.Flagged, f.MeanDiameterMM = rank, score, score >= 0.5, mm
	f.Measured = &triage.Measurement{Measurement: measure.Measurement{MeanDiameterMM: mm, VolumeMM3: 1, Kind: kind, KindConfidence: 0.96}}
	return f
}

// year is a comparison with an exam of a year ago.
func year(changes ...prior.Change) *triage.Comparison {
	return &triage.Comparison{Comparison: prior.Comparison{Days: 365, Current: changes}}
}

var doubling = prior.Change{State: prior.Paired, Growth: &prior.Growth{
	DoublingDays: 120, DoublingDaysShort: 88, DoublingDaysLong: 190, Trend: prior.TrendGrowing,
}}

func TestFactsOfAResult(t *testing.T) {
	points := manifest.Points{Quarter: 0.8, One: 0.5, Four: 0.2}
	doubted := sized(3, 0.3, 9, measure.KindSolid)
	doubted.Measured.Doubt, doubted.MeanDiameterMM = measure.DoubtSize, 7
	mixed := sized(2, 0.79, 12, measure.KindPartSolid)
	mixed.Measured.SolidDiameterMM = 8.5
	r := triage.Result{
		Findings: []triage.Finding{sized(1, 0.8, 6, measure.KindSolid), mixed, doubted},
		Warnings: []triage.Warning{{Code: "THICK_SLICES", Text: "3 mm"}},
	}
	compared := year(doubling, prior.Change{State: prior.New})
	f := triage.PriorityFacts(r, points, compared)
	require.Equal(t, priority.Facts{
		Scan: []string{"THICK_SLICES"},
		Findings: []priority.Finding{
			{Rank: 1, Point: priority.Quarter, DiameterMM: 6, Measured: true, Kind: measure.KindSolid, KindConfidence: 0.96, Change: &compared.Current[0], Days: 365},
			{Rank: 2, Point: priority.One, DiameterMM: 12, Measured: true, Kind: measure.KindPartSolid, KindConfidence: 0.96, SolidMM: 8.5, Change: &compared.Current[1], Days: 365},
			{Rank: 3, Point: priority.Four, DiameterMM: 7}, // the detector's; and no change was given for it
		},
	}, f)
	require.Equal(t, priority.One, triage.PriorityFacts(r, manifest.Points{}, nil).Findings[0].Point, "without the model's points the flag is what is known")
	require.Nil(t, triage.PriorityFacts(r, points, nil).Findings[0].Change)

	refused := year(prior.Change{State: prior.Unpaired}, prior.Change{State: prior.Unpaired}, prior.Change{State: prior.Unpaired})
	refused.Refused = prior.LungsDiffer
	f = triage.PriorityFacts(r, points, refused)
	require.Equal(t, []string{"THICK_SLICES", "LUNGS_NOT_REGISTERED"}, f.Scan)
	require.Nil(t, f.Findings[0].Change)
	gone := &triage.Comparison{Why: refusal.New(triage.PriorImagesDeleted, "", "gone")}
	require.Equal(t, []string{"THICK_SLICES", "PRIOR_IMAGES_DELETED"}, triage.PriorityFacts(r, points, gone).Scan)
}

// Reasons in words: what the readers of each language see.
func TestReasonsInWords(t *testing.T) {
	calcified := sized(1, 0.9, 20, measure.KindCalcified)
	mixed := sized(1, 0.9, 12, measure.KindPartSolid)
	mixed.Measured.SolidDiameterMM = 8.5
	own := func(r priority.Rule) priority.Rules {
		r.Name, r.Level = "own", priority.High
		return priority.Rules{r}
	}
	for _, c := range []struct {
		name       string
		rules      priority.Rules
		result     triage.Result
		compared   *triage.Comparison
		want       triage.Priority
		en, fr, ar []string
	}{
		{
			"one grows", nil, triage.Result{Findings: []triage.Finding{sized(1, 0.9, 7, measure.KindSolid)}}, year(doubling), triage.PriorityUrgent,
			[]string{"1 flagged finding, volume doubling in 400 days or less; the largest is 7.0 mm (measured); the fastest in 120 days (88-190)"},
			[]string{"1 détection signalée, temps de doublement du volume de 400 jours au plus ; la plus grande : 7,0 mm (mesure) ; la plus rapide : 120 jours (88-190)"},
			[]string{"موجودة واحدة عند عتبة التنبيه أو فوقها، يتضاعف حجمها في 400 يوم أو أقل؛ أكبرها \u200e7.0 mm (القياس)؛ أسرعها في 120 يومًا (88-190)"},
		},
		{
			"two are new", nil, triage.Result{Findings: []triage.Finding{sized(1, 0.9, 8, measure.KindSolid), sized(2, 0.8, 9.5, measure.KindSolid)}},
			year(prior.Change{State: prior.New}, prior.Change{State: prior.New}), triage.PriorityUrgent,
			[]string{"2 flagged findings of 8 mm or more, new since the earlier study; the largest is 9.5 mm (measured)"},
			[]string{"2 détections signalées de 8 mm ou plus, d'apparition nouvelle depuis l'examen antérieur ; la plus grande : 9,5 mm (mesure)"},
			[]string{"موجودتان عند عتبة التنبيه أو فوقها، بقطر \u200e8 mm أو أكثر، بظهور جديد منذ الفحص السابق؛ أكبرها \u200e9.5 mm (القياس)"},
		},
		{
			"a solid part", nil, triage.Result{Findings: []triage.Finding{mixed}}, nil, triage.PriorityUrgent,
			[]string{"1 flagged finding, part-solid, solid part of 8 mm or more; the largest solid part is 8.5 mm"},
			[]string{"1 détection signalée, de type mixte (partiellement solide), partie solide de 8 mm ou plus ; la plus grande partie solide : 8,5 mm"},
			[]string{"موجودة واحدة عند عتبة التنبيه أو فوقها، من النوع: مختلط (صلب جزئيًا)، بجزء صلب قطره \u200e8 mm أو أكثر؛ أكبر جزء صلب \u200e8.5 mm"},
		},
		{
			"calcified, thick slices", nil, triage.Result{Findings: []triage.Finding{calcified}, Warnings: []triage.Warning{{Code: "THICK_SLICES"}}}, nil, triage.PriorityHigh,
			[]string{
				"1 flagged finding; the largest is 20.0 mm (measured)",
				"1 flagged finding of 15 mm or more, without effect on the priority: calcified; whether the calcification is of a benign pattern is not told",
				"the result is less sure: thick slices",
			},
			[]string{
				"1 détection signalée ; la plus grande : 20,0 mm (mesure)",
				"1 détection signalée de 15 mm ou plus, sans effet sur la priorité : calcifié ; le caractère bénin de la calcification n'est pas déterminé",
				"résultat moins sûr : coupes épaisses",
			},
			[]string{
				"موجودة واحدة عند عتبة التنبيه أو فوقها؛ أكبرها \u200e20.0 mm (القياس)",
				"موجودة واحدة عند عتبة التنبيه أو فوقها، بقطر \u200e15 mm أو أكثر، دون أثر في الأولوية: متكلّس؛ لا يُحدَّد ما إذا كان نمط التكلّس حميدًا",
				"النتيجة أقل موثوقية: مقاطع سميكة",
			},
		},
		{
			"small", nil, triage.Result{Findings: []triage.Finding{sized(1, 0.9, 5.9, measure.KindSolid)}}, nil, triage.PriorityHigh,
			[]string{"1 flagged finding, all under 6 mm"}, []string{"1 détection signalée, moins de 6 mm"}, []string{"موجودة واحدة عند عتبة التنبيه أو فوقها، بقطر دون \u200e6 mm"},
		},
		{
			"below the flag, a lung missing", nil,
			triage.Result{Findings: []triage.Finding{sized(1, 0.4, 9, measure.KindSolid), sized(2, 0.4, 9, measure.KindSolid), sized(3, 0.3, 9, measure.KindSolid)}, Warnings: []triage.Warning{{Code: "ONE_LUNG"}}}, nil, triage.PriorityHigh,
			[]string{"the scan may not show all that matters: lung on one side alone"},
			[]string{"l'examen peut ne pas montrer tout ce qui compte : poumon d'un seul côté"},
			[]string{"قد لا يُظهر الفحص كل ما يهم: رئة في جانب واحد فقط"},
		},
		{
			"below the flag", nil, triage.Result{Findings: []triage.Finding{sized(1, 0.4, 9, measure.KindSolid), sized(2, 0.4, 9, measure.KindSolid), sized(3, 0.3, 9, measure.KindSolid)}}, nil, triage.PriorityRoutine,
			[]string{"3 findings under the flag threshold, none above; this does not exclude disease"},
			[]string{"3 détections sous le seuil de signalement, aucune au-dessus ; cela n'exclut pas une anomalie"},
			[]string{"3 موجودات دون عتبة التنبيه، ولا شيء فوقها؛ هذا لا ينفي وجود مرض"},
		},
		{
			"nothing", nil, triage.Result{}, nil, triage.PriorityRoutine,
			[]string{"no mark above the flag threshold; this does not exclude disease"},
			[]string{"aucune marque au-dessus du seuil de signalement ; cela n'exclut pas une anomalie"},
			[]string{"لا علامة فوق عتبة التنبيه؛ هذا لا ينفي وجود مرض"},
		},
		{
			"rules that let a flag be", own(priority.Rule{SizeMM: 30}), triage.Result{Findings: []triage.Finding{sized(1, 0.9, 9, measure.KindSolid)}}, nil, triage.PriorityRoutine,
			[]string{"1 flagged finding, which no rule raises; this does not exclude disease"},
			[]string{"1 détection signalée, sans règle qui élève la priorité ; cela n'exclut pas une anomalie"},
			[]string{"موجودة واحدة عند عتبة التنبيه أو فوقها، ولا قاعدة ترفع الأولوية؛ هذا لا ينفي وجود مرض"},
		},
		{
			"all at once", own(priority.Rule{
				Point: priority.Quarter, SizeMM: 6.5, Kinds: []measure.Kind{measure.KindSolid, measure.KindPartSolid}, Changes: []priority.Change{priority.Growing, priority.Unclear},
				GrownMM: 1.5, WithinDays: 366, Scan: []string{"THICK_SLICES"},
			}),
			triage.Result{Findings: []triage.Finding{sized(1, 0.9, 9, measure.KindSolid)}, Warnings: []triage.Warning{{Code: "THICK_SLICES"}}},
			year(prior.Change{State: prior.Paired, DiameterChangeMM: 3, DiameterErrorMM: 1}), triage.PriorityHigh,
			[]string{"1 finding at the strictest threshold of 6.5 mm or more, solid or part-solid, growing or of unclear growth, mean diameter grown by more than 1.5 mm in 366 days or less; the largest is 9.0 mm (measured); scan: thick slices"},
			[]string{"1 détection au seuil le plus strict de 6,5 mm ou plus, de type solide ou mixte (partiellement solide), en croissance ou d'évolution incertaine, diamètre moyen augmenté de plus de 1,5 mm en 366 jours au plus ; la plus grande : 9,0 mm (mesure) ; examen : coupes épaisses"},
			[]string{"موجودة واحدة عند العتبة الأشد، بقطر \u200e6.5 mm أو أكثر، من النوع: صلب أو مختلط (صلب جزئيًا)، في نمو أو بتطور غير مؤكد، بزيادة في متوسط القطر تتجاوز \u200e1.5 mm خلال 366 يومًا أو أقل؛ أكبرها \u200e9.0 mm (القياس)؛ الفحص: مقاطع سميكة"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, why := triage.Ranking{Rules: c.rules, Points: manifest.Points{Quarter: 0.8, One: 0.5}}.Rank(c.result, c.compared)
			require.Equal(t, c.want, p)
			require.Equal(t, c.en, triage.PriorityTexts(why))
			require.Equal(t, c.fr, triage.PriorityTextsIn(why, "fr"))
			require.Equal(t, c.ar, triage.PriorityTextsIn(why, "ar"))
		})
	}
}

func TestReasonsOfWhatWasNotRead(t *testing.T) {
	p, why := triage.RankUnread(refusal.New(refusal.NoLung, "send a chest", "no air inside the body"))
	require.Equal(t, triage.PriorityNotAssessed, p)
	require.Equal(t, priority.NotRead, why[0].Code)
	require.Equal(t, "not read by Nafas: no air inside the body", why[0].Words("en"))
	require.Equal(t, "non lu par Nafas : aucun poumon trouvé [no air inside the body]", why[0].Words("fr"))
	require.Equal(t, "لم يقرأه Nafas: لم يُعثر على رئة [no air inside the body]", why[0].Words("ar"))
	_, why = triage.RankUnread(refusal.New("NEWER", "", "something"))
	require.Equal(t, "not read by Nafas: something", why[0].Words("fr"), "English where a reason has no words")
	require.Equal(t, "as it was", triage.PriorityReason{Text: "as it was"}.Words("ar"), "what earlier versions stored")
}

// warnings reads the codes of warnings from the source of a package, so that one
// that is added there and forgotten by the rules is found.
func warnings(t *testing.T, path string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	require.NoError(t, err)
	var codes []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Warn") || len(spec.Values) != 1 {
			return true
		}
		word, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		require.NoError(t, err)
		codes = append(codes, word)
		return true
	})
	return codes
}

func TestTheRulesKnowEveryWarning(t *testing.T) {
	codes := append(warnings(t, "../../dicomio/instance.go"), warnings(t, "../../inference/pipeline.go")...)
	require.Greater(t, len(codes), 15, "the constants were not found")
	// These make nothing less sure that a priority says.
	harmless := []string{"ODD_UID", "DUPLICATE_SLICES", "CONTRAST_AGENT", "NO_FRAME_OF_REFERENCE", "SIDE_UNKNOWN"}
	comparisons := []string{string(prior.LungsDiffer), string(triage.PriorImagesDeleted), string(triage.PriorNotAssessed), string(triage.PriorNotRead)}
	require.ElementsMatch(t, slices.Concat(codes, comparisons), slices.Concat(harmless, priority.ScanWords))
}

// Changed rules are another recipe: what was ranked by others is ranked again.
func TestRulesArePartOfTheRecipe(t *testing.T) {
	recipe := func(r priority.Rules) string {
		return triage.NewReader(nil, model, triage.Runtime{}, triage.ReaderOptions{Ranking: triage.Ranking{Rules: r}}).Recipe().ConfigSHA256
	}
	require.Equal(t, recipe(nil), recipe(priority.Default()), "the default rules, said or not")
	changed := priority.Default()
	changed[0].SizeMM = 12
	require.NotEqual(t, recipe(nil), recipe(changed))
	again := priority.Default()
	again[0].SizeMM = 12
	require.Equal(t, recipe(changed), recipe(again))
	require.NotEqual(t, recipe(nil), triage.NewRecipe(model).ConfigSHA256)
}

// A reader ranks by the rules and points that it was given.
func TestAReaderRanksByItsRules(t *testing.T) {
	chestItems := items(t, chest(40, 5), ctwriter.Options{Seed: "priority"})
	rank := func(ranking triage.Ranking) (triage.Priority, []string) {
		r := triage.NewReader(at(volume.Vec3{10, 10, 10}), model, triage.Runtime{}, triage.ReaderOptions{Ranking: ranking})
		s := readAll(t, r, chestItems).Studies[0]
		return s.Priority, triage.PriorityTexts(s.PriorityReasons)
	}
	p, why := rank(triage.Ranking{})
	require.Equal(t, triage.PriorityUrgent, p)
	require.Equal(t, "1 flagged finding of 15 mm or more; the largest is 15.6 mm (measured)", why[0])
	strict := priority.Rules{{Name: "strict", Level: priority.Urgent, Point: priority.Quarter}, {Name: "flagged", Level: priority.High, Point: priority.One}}
	p, _ = rank(triage.Ranking{Rules: strict, Points: manifest.Points{Quarter: 0.95}})
	require.Equal(t, triage.PriorityHigh, p, "its score is 0.9")
	p, _ = rank(triage.Ranking{Rules: strict, Points: manifest.Points{Quarter: 0.9}})
	require.Equal(t, triage.PriorityUrgent, p)
}

// What a comparison says counts in the priority of the study that was compared,
// and of that alone.
func TestAReaderRanksByWhatChanged(t *testing.T) {
	index := volume.Vec3{12.3, 20.6, 17.4}
	now := items(t, chest(64, 2.5), ctwriter.Options{Seed: "a", Patient: patientA, Date: "20260301"})
	then := items(t, chest(64, 2.5), ctwriter.Options{Seed: "b", Patient: patientA, Date: "20251201"})
	grows := func(_ context.Context, current, earlier prior.Exam, days int) (*prior.Comparison, error) {
		return &prior.Comparison{Days: days, Current: []prior.Change{doubling}, Earlier: []prior.EarlierChange{{State: prior.Paired}}}, nil
	}
	r := triage.NewReader(withField(index), model, triage.Runtime{}, triage.ReaderOptions{Parallel: 2, Compare: grows})
	byRules := map[string]int{}
	for _, s := range readAll(t, r, append(now, then...)).Studies {
		require.Equal(t, triage.PriorityUrgent, s.Priority)
		rules := ""
		for _, reason := range s.PriorityReasons {
			rules += reason.Rule.Name + " "
		}
		byRules[rules]++
		require.Equal(t, s.Comparison != nil, strings.Contains(rules, "growing"))
	}
	require.Equal(t, map[string]int{"large ": 1, "large growing ": 1}, byRules)
}
