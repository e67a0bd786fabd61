package interop

import (
	"cmp"
	"slices"

	"nafas/dicomio/part10"
	"nafas/dicomio/report"
	"nafas/internal/triage"
)

func (s said) studyHead() head {
	return s.head("ImagingStudy", part10.NameUID("interop 1", "study", s.Study.UID))
}

// imagingStudy names the study, the series that was read, and of its images
// those that show findings.
func (s said) imagingStudy() imagingStudy {
	modality := coding{System: systems["DCM"], Code: cmp.Or(s.Series.Modality, "CT")}
	series := studySeries{UID: s.Series.UID, Modality: modality, NumberOfInstances: len(s.Instances)}
	for _, i := range s.shown() {
		series.Instance = append(series.Instance, studyInstance{
			UID: i.SOPUID, SOPClass: coding{System: "urn:ietf:rfc:3986", Code: "urn:oid:" + i.SOPClassUID},
		})
	}
	out := imagingStudy{
		head: s.studyHead(), Identifier: []identifier{dicomUID(s.Study.UID)}, Status: "available",
		Modality: []coding{modality}, Subject: s.patientHead().ref(), Started: s.started(), Series: []studySeries{series},
	}
	if s.exam.AccessionNumber != "" {
		out.Identifier = append(out.Identifier, s.accession())
	}
	return out
}

// shown are the instances that show findings, in the order of the series.
func (s said) shown() (out []triage.InstanceRef) {
	for _, i := range s.Instances {
		if slices.ContainsFunc(s.report.Findings, func(f report.Finding) bool { return f.SOPInstanceUID == i.SOPUID }) {
			out = append(out, i)
		}
	}
	return out
}

func (s said) deviceHead() head { return s.head("Device", s.report.DeviceUID()) }

// device is the model: another one is another device.
func (s said) device() device {
	a := s.report.Algorithm
	d := device{
		head: s.deviceHead(), Identifier: []identifier{dicomUID(s.report.DeviceUID())}, Status: "active",
		Manufacturer: "Nafas", ModelNumber: a.Name, DeviceName: []deviceName{{Name: "Nafas " + a.Name, Type: "model-name"}},
		Type:    coded(s.concepts.ArtificialIntelligence),
		Version: []deviceVersion{{codeable{Text: "version"}, a.Version}},
		Note:    []annotation{{Text: report.Disclaimer(s.language)}},
	}
	if a.SHA256 != "" {
		d.Version = append(d.Version, deviceVersion{codeable{Text: "SHA-256"}, a.SHA256})
	}
	if r := s.Series.Result; r != nil && r.Runtime.Version != "" {
		d.Version = append(d.Version, deviceVersion{codeable{Text: "ONNX Runtime"}, r.Runtime.Version})
	}
	return d
}
