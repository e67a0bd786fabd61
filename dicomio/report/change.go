package report

import (
	"fmt"
	"math"
	"strings"

	"nafas/inference/prior"
)

// Compared is the earlier study that a series was compared with, or was not.
type Compared struct {
	// Date of it, YYYYMMDD; Days lie between.
	Date string
	Days int
	// Not says, in the report's language, why nothing was compared; "" where it
	// was.
	Not string
	// Refused is why nothing could be paired; "" where it could.
	Refused prior.Reason
	// Gone are the earlier findings that are not seen any more, Unpaired those of
	// which that cannot be said.
	Gone, Unpaired int
}

// Sentence says what was compared.
func (c Compared) Sentence(l Language) string {
	w := changes[l]
	switch since := fmt.Sprintf(w.since, day(c.Date), l.days(c.Days)); {
	case c.Not != "":
		return fmt.Sprintf(w.not, since, c.Not)
	case c.Refused != "":
		return fmt.Sprintf(w.not, since, w.reasons[c.Refused])
	default:
		out := fmt.Sprintf(w.compared, since)
		if c.Gone > 0 {
			out += " " + fmt.Sprintf(w.gone, c.Gone)
		}
		if c.Unpaired > 0 {
			out += " " + fmt.Sprintf(w.unpairedBefore, c.Unpaired)
		}
		return out
	}
}

// day is a DA value (PS3.5 6.2) as ISO 8601 writes it.
func day(da string) string {
	if len(da) != 8 {
		return da
	}
	return da[:4] + "-" + da[4:6] + "-" + da[6:]
}

// ChangeIn says what became of a finding since the study that it was
// compared with; "" where it was not.
func ChangeIn(l Language, c *Compared, change *prior.Change) string {
	if c == nil || change == nil || c.Not != "" || c.Refused != "" {
		return ""
	}
	w := changes[l]
	return fmt.Sprintf(w.whole, fmt.Sprintf(w.since, day(c.Date), l.days(c.Days)), w.of(l, change))
}

func (w changeWords) of(l Language, c *prior.Change) string {
	switch c.State {
	case prior.New:
		return w.isNew
	case prior.Paired:
	default:
		return w.unpaired
	}
	var parts []string
	if c.DiameterErrorMM > 0 {
		parts = append(parts, fmt.Sprintf(w.diameter, l.figures("%+.1f", c.DiameterChangeMM), l.figures("%.1f", c.DiameterErrorMM)))
	}
	if g := c.Growth; g != nil {
		parts = append(parts, fmt.Sprintf(w.volume, 100*g.VolumeChange, 100*g.VolumeChangeLow, 100*g.VolumeChangeHigh), w.trends[g.Trend])
		if g.DoublingDays > 0 {
			parts = append(parts, w.doubling(l, g))
		}
	} else {
		var why []string
		for _, r := range c.NoGrowth {
			why = append(why, w.reasons[r])
		}
		parts = append(parts, fmt.Sprintf(w.noGrowth, strings.Join(why, w.between)))
	}
	return strings.Join(parts, w.between)
}

// doubling is the volume doubling time with its band, which has no end where the
// nodule may be stable.
func (w changeWords) doubling(l Language, g *prior.Growth) string {
	days, short, long := l.days(int(math.Round(g.DoublingDays))), math.Round(g.DoublingDaysShort), math.Round(g.DoublingDaysLong)
	if g.DoublingDaysLong == 0 {
		return fmt.Sprintf(w.doublingFrom, days, short)
	}
	return fmt.Sprintf(w.doublingBand, days, short, long)
}

// changeWords are those in which a change is said.
type changeWords struct {
	// since takes a date and days; whole, compared and not take since.
	since, whole, compared, not string
	gone, unpairedBefore        string
	isNew, unpaired             string
	// diameter takes a change and its error in figures, volume a change and its interval,
	// noGrowth reasons; doublingBand days and a band, doublingFrom one without an
	// end.
	diameter, volume, noGrowth, doublingBand, doublingFrom string
	between                                                string
	trends                                                 map[prior.Trend]string
	reasons                                                map[prior.Reason]string
}

var changes = map[Language]changeWords{
	English: {
		"the study of %s, %s before", "Compared with %s: %s. Calculated, to be confirmed.",
		"Compared with %s.", "Not compared with %s: %s. Compare by eye.",
		"Earlier findings that are not seen any more: %d.", "Earlier findings of which this cannot be said: %d.",
		"not seen there, new", "it cannot be said whether it was there",
		"mean diameter %s mm (± %s)", "volume %+.0f %% (%+.0f to %+.0f %%)", "no growth by volume (%s)",
		"volume doubling time %s (%.0f to %.0f)", "volume doubling time %s (%.0f or more)", ", ",
		map[prior.Trend]string{prior.TrendGrowing: "growing", prior.TrendStable: "stable", prior.TrendShrinking: "shrinking", prior.TrendUnclear: "within the error of measurement or unclear"},
		map[prior.Reason]string{
			prior.LungsDiffer: "the lungs could not be laid over each other", prior.ThicknessDiffers: "another slice thickness",
			prior.ThicknessTooLarge: "slices too thick", prior.KernelDiffers: "another kernel", prior.KernelUnknown: "kernel not known",
			prior.NotMeasured: "not measured in both", prior.ShortInterval: "interval too short",
		},
	},
	French: {
		"l'examen antérieur du %s (%s avant)", "Comparé à %s : %s. Calculé, à confirmer.",
		"Comparé à %s.", "Non comparé à %s : %s. Comparer visuellement.",
		"Détections antérieures qui ne sont plus visibles : %d.", "Détections antérieures sans correspondance certaine : %d.",
		"non visible auparavant, nouveau", "sa présence antérieure ne peut être affirmée",
		"diamètre moyen %s mm (± %s)", "volume %+.0f %% (%+.0f à %+.0f %%)", "pas de croissance volumique calculée (%s)",
		"temps de doublement %s (%.0f à %.0f)", "temps de doublement %s (%.0f ou plus)", ", ",
		map[prior.Trend]string{prior.TrendGrowing: "en croissance", prior.TrendStable: "stable", prior.TrendShrinking: "en diminution", prior.TrendUnclear: "dans la marge d'erreur ou incertain"},
		map[prior.Reason]string{
			prior.LungsDiffer: "les poumons n'ont pas pu être superposés", prior.ThicknessDiffers: "épaisseur de coupe différente",
			prior.ThicknessTooLarge: "coupes trop épaisses", prior.KernelDiffers: "filtre de reconstruction différent", prior.KernelUnknown: "filtre de reconstruction inconnu",
			prior.NotMeasured: "non mesuré dans les deux examens", prior.ShortInterval: "intervalle trop court",
		},
	},
	Arabic: {
		"الفحص السابق بتاريخ \u200e%s (قبل %s)", "بالمقارنة مع %s: %s. محسوب، يحتاج إلى تأكيد.",
		"تمت المقارنة مع %s.", "لم تتم المقارنة مع %s: %s. قارن بالعين.",
		"موجودات سابقة لم تعد مرئية: %d.", "موجودات سابقة لا يمكن الجزم بشأنها: %d.",
		"لم يكن مرئيًا سابقًا، جديد", "لا يمكن الجزم بوجوده سابقًا",
		"متوسط القطر \u200e%s mm (\u200e± %s)", "الحجم \u200e%+.0f%% (من \u200e%+.0f إلى \u200e%+.0f%%)", "لم يُحسب النمو الحجمي (%s)",
		"زمن التضاعف %s (من %.0f إلى %.0f)", "زمن التضاعف %s (%.0f أو أكثر)", "، ",
		map[prior.Trend]string{prior.TrendGrowing: "في نمو", prior.TrendStable: "دون تغيّر", prior.TrendShrinking: "في تناقص", prior.TrendUnclear: "ضمن هامش الخطأ أو غير واضح"},
		map[prior.Reason]string{
			prior.LungsDiffer: "تعذّرت مطابقة الرئتين", prior.ThicknessDiffers: "سماكة مقاطع مختلفة",
			prior.ThicknessTooLarge: "مقاطع سميكة جدًا", prior.KernelDiffers: "مرشح إعادة بناء مختلف", prior.KernelUnknown: "مرشح إعادة البناء غير معروف",
			prior.NotMeasured: "لم يُقَس في الفحصين", prior.ShortInterval: "الفترة قصيرة جدًا",
		},
	},
}
