package prior_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"nafas/inference/measure"
	"nafas/inference/prior"
)

func kept(all []outcome, keep func(outcome) bool) []outcome {
	return slices.DeleteFunc(slices.Clone(all), func(o outcome) bool { return !keep(o) })
}

func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	slices.Sort(values)
	return values[int(math.Round(q*float64(len(values)-1)))]
}

// report is docs/accuracy/growth.md, or growth-fresh.md beside it.
func report(all []outcome) string {
	seeds := map[uint64]bool{}
	for _, o := range all {
		seeds[o.seed] = true
	}
	sorted := slices.Sorted(maps.Keys(seeds))
	return fmt.Sprintf("%d simulated pairs, seeds %d to %d.\n\n", len(sorted), sorted[0], sorted[len(sorted)-1]) + paired(all) + "\n" + bands(all) + "\n" + apart(all) + "\n" + told(all)
}

func count(all []outcome, keep func(outcome) bool) int { return len(kept(all, keep)) }

func is(s prior.State) func(outcome) bool { return func(o outcome) bool { return o.state == s } }

// paired says what was said of nodules that are in both exams.
func paired(all []outcome) string {
	var b strings.Builder
	b.WriteString("| nodules in both exams | count | paired with the right one, or its place found | paired wrongly | said to be new | unpaired | place off: median, 95 % within |\n|---|---|---|---|---|---|---|\n")
	seen := func(o outcome) bool { return o.fate == stays && o.inNow >= 0 && o.then.DiameterMM >= 3 }
	for _, r := range []struct {
		name string
		keep func(outcome) bool
	}{
		{"found by the detector in both", inBoth},
		{"found now, missed before, 3 mm and more then", func(o outcome) bool { return seen(o) && o.inThen < 0 }},
		{"found now, below 3 mm then", func(o outcome) bool { return o.fate == stays && o.inNow >= 0 && o.then.ID != 0 && !seen(o) }},
	} {
		of := kept(all, r.keep)
		var off []float64
		for _, o := range of {
			off = append(off, o.offMM)
		}
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %d | %.1f, %.1f mm |\n", r.name, len(of),
			count(of, func(o outcome) bool { return o.right && o.state == prior.Paired }),
			count(of, func(o outcome) bool { return !o.right && o.state == prior.Paired }),
			count(of, is(prior.New)), count(of, is(prior.Unpaired)), quantile(off, .5), quantile(off, .95))
	}
	return b.String()
}

// bands says how good the bands are.
func bands(all []outcome) string {
	var b strings.Builder
	b.WriteString("| growth of paired nodules | count | doubted | true doubling time in the band | volume: band, median half-width | 80 % within | true change of volume: median error |\n|---|---|---|---|---|---|---|\n")
	mates := kept(all, func(o outcome) bool { return o.fate == stays && o.right && o.state == prior.Paired })
	row := func(name string, of []outcome) {
		sure := kept(of, grown)
		var width, errors []float64
		for _, o := range sure {
			g := o.change.Growth
			width = append(width, (math.Log1p(g.VolumeChangeHigh)-math.Log1p(g.VolumeChangeLow))/2)
			errors = append(errors, math.Abs(math.Expm1(math.Log1p(g.VolumeChange)-o.trueLog())))
		}
		fmt.Fprintf(&b, "| %s | %d | %d | %d of %d (%.0f %%) | x/÷ %.2f | x/÷ %.2f | %.0f %% |\n", name, len(of), len(of)-len(sure),
			count(sure, outcome.trueInBand), len(sure), 100*float64(count(sure, outcome.trueInBand))/float64(max(len(sure), 1)),
			math.Exp(quantile(width, .5)), math.Exp(quantile(width, .8)), 100*quantile(errors, .5))
	}
	row("all", mates)
	row("8 mm and more, slices up to 1.25 mm", kept(mates, large))
	for _, by := range []func(outcome) string{
		outcome.doubling,
		func(o outcome) string { return fmt.Sprintf("%d days apart", o.days) },
		func(o outcome) string { return fmt.Sprintf("slices of %g mm", o.sliceMM) },
		outcome.sizeThen,
		func(o outcome) string { return o.Kind.String() },
		func(o outcome) string { return o.Placement.String() },
		func(o outcome) string { return fmt.Sprintf("noise of %g HU", o.noise) },
		func(o outcome) string { return string(o.kernel) + " kernel" },
		func(o outcome) string {
			if e := o.change.EarlierMeasured; o.size != nil && e != nil && o.size.Kind == e.Kind {
				return "measured kinds agree"
			}
			return "measured kinds differ"
		},
	} {
		strata := map[string][]outcome{}
		for _, o := range mates {
			strata[by(o)] = append(strata[by(o)], o)
		}
		for _, name := range slices.Sorted(maps.Keys(strata)) {
			row(name, strata[name])
		}
	}
	return b.String()
}

func large(o outcome) bool { return o.now.DiameterMM >= 8 && o.sliceMM <= 1.25 }

func (o outcome) doubling() string {
	if o.doublingDays == 0 {
		return "stable"
	}
	return fmt.Sprintf("doubling in %g days", o.doublingDays)
}

func (o outcome) sizeThen() string {
	switch d := o.then.DiameterMM; {
	case d < 4:
		return "below 4 mm then"
	case d < 6:
		return "4 to 6 mm then"
	case d < 8:
		return "6 to 8 mm then"
	case d < 12:
		return "8 to 12 mm then"
	}
	return "12 mm and more then"
}

// apart compares each band of 100 days with each of a stable nodule in the same
// pair of exams.
func apart(all []outcome) string {
	var b strings.Builder
	b.WriteString("| bands of 100 days and of stable, 8 mm and more, slices up to 1.25 mm, each with each of the same exams | pairs of bands | that do not overlap | median half-widths |\n|---|---|---|---|\n")
	for _, days := range []int{0, 90, 180, 365} {
		of := kept(all, func(o outcome) bool { return grown(o) && large(o) && (days == 0 || o.days == days) })
		half := func(doublingDays float64) float64 {
			var out []float64
			for _, o := range of {
				if g := o.change.Growth; o.doublingDays == doublingDays {
					out = append(out, (g.DoublingsPerYearHigh-g.DoublingsPerYearLow)/2)
				}
			}
			return quantile(out, .5)
		}
		name := fmt.Sprintf("%d days apart", days)
		if days == 0 {
			name = "all"
		}
		pairs, clear := clearOf(of)
		fmt.Fprintf(&b, "| %s | %d | %d (%.0f %%) | %.2f and %.2f doublings a year |\n", name, pairs, clear,
			100*float64(clear)/float64(max(pairs, 1)), half(100), half(0))
	}
	return b.String()
}

// clearOf counts the pairs of a nodule that doubles in 100 days and a stable one in
// the same exams, and those whose bands do not overlap.
func clearOf(of []outcome) (pairs, clear int) {
	for _, x := range of {
		for _, y := range of {
			if x.doublingDays != 100 || y.doublingDays != 0 || x.seed != y.seed {
				continue
			}
			pairs++
			if x.change.Growth.DoublingsPerYearLow > y.change.Growth.DoublingsPerYearHigh {
				clear++
			}
		}
	}
	return pairs, clear
}

// told says what was said of what is in one exam alone.
func told(all []outcome) string {
	var b strings.Builder
	b.WriteString("| in one exam alone | count | said to be new, or gone | unpaired | found in the other by looking | paired with a nodule, or a mark |\n|---|---|---|---|---|---|\n")
	what := map[fate]string{isNew: "new, all free", isGone: "gone, all from a vessel", falseMark: "false marks, mostly on vessels"}
	for _, f := range []fate{isNew, isGone, falseMark} {
		of := kept(all, func(o outcome) bool { return o.fate == f })
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %d |\n", what[f], len(of),
			count(of, func(o outcome) bool { return o.state == prior.New || o.state == prior.Gone }), count(of, is(prior.Unpaired)),
			count(of, func(o outcome) bool { return o.state == prior.Paired && o.change.Earlier < 0 && o.fate != isGone }),
			count(of, func(o outcome) bool {
				return o.state == prior.Paired && (o.change.Earlier >= 0 || o.fate == isGone)
			}))
	}
	return b.String()
}

func table(all []outcome) string {
	var b strings.Builder
	b.WriteString("seed,slice_mm,noise_hu,kernel,days,kind,placement,fate,doubling_days,now_mm,then_mm,in_now,in_then,state,partner,right,off_mm,true_log,log,low,high,now_mm3,then_mm3,now_seen,then_seen,now_kind,then_kind,now_axes,then_axes\n")
	or := func(m *measure.Measurement) *measure.Measurement {
		if m == nil {
			return &measure.Measurement{}
		}
		return m
	}
	for _, o := range all {
		m, e, log, low, high := or(o.size), or(o.change.EarlierMeasured), math.NaN(), math.NaN(), math.NaN()
		if g := o.change.Growth; g != nil {
			log, low, high = math.Log1p(g.VolumeChange), math.Log1p(g.VolumeChangeLow), math.Log1p(g.VolumeChangeHigh)
		}
		fmt.Fprintf(&b, "%d,%g,%g,%s,%d,%s,%s,%s,%g,%.3f,%.3f,%d,%d,%s,%d,%v,%.2f,%.4f,%.4f,%.4f,%.4f,%.1f,%.1f,%.3f,%.3f,%s,%s,%.1f,%.1f\n",
			o.seed, o.sliceMM, o.noise, o.kernel, o.days, o.Kind, o.Placement, o.fate, o.doublingDays, o.now.DiameterMM, o.then.DiameterMM,
			o.inNow, o.inThen, o.state, o.change.Earlier, o.right, o.offMM, o.trueLog(), log, low, high, m.VolumeMM3, e.VolumeMM3,
			m.Seen, e.Seen, m.Kind, e.Kind, m.MeanDiameterMM, e.MeanDiameterMM)
	}
	return b.String()
}
