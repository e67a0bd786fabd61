package quality

import (
	"nafas/inference/froc"
	"nafas/inference/volume"
)

// Reference is what readers say of the places of studies, for an evaluation of
// other marks than those that they saw: the series that were read; the nodules
// that readers accepted or added; and, to be passed over, what they left open. It
// has no marks.
func Reference(studies ...Study) froc.Set {
	scans := scansOf(studies)
	return froc.Set{
		Scans:    listed(scans),
		Nodules:  nodules(once(scans, Place.isNodule)),
		Excluded: nodules(once(scans, Place.isOpen)),
	}
}

func nodules(places []placed) []froc.Nodule {
	var out []froc.Nodule
	for _, p := range places {
		n := froc.Nodule{SeriesUID: p.of.UID, CenterLPSMM: volume.Vec3(p.CenterLPSMM), DiameterMM: froc.UnknownDiameterMM, Kind: p.Kind}
		if p.DiameterMM > 0 {
			n.DiameterMM = p.DiameterMM
		}
		out = append(out, n)
	}
	return out
}
