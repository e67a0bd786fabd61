package config

import (
	"errors"
	"time"
)

// Archive is where studies are fetched from: exactly one of DICOM and Web is
// set.
type Archive struct {
	// DICOM is an archive: TITLE@HOST:PORT.
	DICOM string `yaml:"dicom"`
	// Web is the base URL of a DICOMweb server.
	Web string `yaml:"web"`
	// TokenFile holds the bearer token for Web.
	TokenFile string `yaml:"token-file"`
	Security  `yaml:",inline"`
}

func (a *Archive) within(dir string) {
	a.Security.within(dir)
	a.TokenFile = within(dir, a.TokenFile)
}

func (a Archive) check() error {
	switch {
	case (a.DICOM == "") == (a.Web == ""):
		return errors.New("give it exactly one of dicom (TITLE@HOST:PORT of the archive) and web (its DICOMweb URL)")
	case a.TokenFile != "" && a.Web == "":
		return errors.New("token-file is for web")
	case a.Web != "":
		return a.checkWeb(a.Web)
	}
	return a.plaintext("dicom", a.DICOM)
}

// Region is the part of the body of which studies are fetched.
type Region struct {
	// AnyRegion fetches CT of every part of the body; otherwise those of the
	// chest, or of which nothing is said.
	AnyRegion bool `yaml:"any-region"`
	// Words, in any of the study's and its series' descriptions, mark a chest,
	// besides the usual ones of English, French and Arabic.
	Words []string `yaml:"words"`
}

// Poll is an archive that is looked into for new studies, which are then
// fetched.
type Poll struct {
	// Name is what the log and the metrics call it.
	Name    string `yaml:"name"`
	Archive `yaml:",inline"`
	// Every is how often it is looked, such as 5m.
	Every Duration `yaml:"every"`
	// Days is how many days back studies are looked for, today included. 0
	// means 2.
	Days   int `yaml:"days"`
	Region `yaml:",inline"`
}

func (p Poll) check() error {
	switch {
	case p.Name == "" || len(p.Name) > 64:
		return errors.New("give it a name of 1 to 64 bytes")
	case time.Duration(p.Every) < 10*time.Second:
		return errors.New("every is missing or too short: how often to look, such as 5m; 10s at least")
	case p.Days < 0 || p.Days > 366:
		return errors.New("days must be between 1 and 366")
	}
	return p.Archive.check()
}

// Priors is an archive from which earlier studies of a patient are fetched, to
// be compared with.
type Priors struct {
	Archive `yaml:",inline"`
	// Years is how far back they are looked for. 0 means 5.
	Years int `yaml:"years"`
	// Most is how many are fetched for one study, the latest ones. 0 means 1.
	Most   int `yaml:"most"`
	Region `yaml:",inline"`
}

func (p Priors) check() error {
	switch {
	case p.Years < 0 || p.Years > 50:
		return errors.New("years must be between 1 and 50")
	case p.Most < 0 || p.Most > 10:
		return errors.New("most must be between 1 and 10")
	}
	return p.Archive.check()
}
