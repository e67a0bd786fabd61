package froc

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// The columns of LUNA16's tables, and those that Nafas adds.
const (
	columnSeries    = "seriesuid"
	columnScore     = "probability"
	columnDiameter  = "diameter_mm"
	columnRole      = "role"
	columnKind      = "kind"
	columnPlacement = "placement"
	columnThickness = "thickness_mm"
	columnSpacing   = "spacing_mm"
	columnKernel    = "kernel"
	columnGroup     = "group"
	columnState     = "state"
	columnRescoring = "rescoring"
)

var columnsPlace = [3]string{"coordX", "coordY", "coordZ"}

// roleNodule is the role of a nodule in a phantom's truth; rows of any other
// role are there for people, and a mark on them is a false one.
const roleNodule = "nodule"

// ReadMarks reads seriesuid, coordX, coordY, coordZ (patient LPS mm),
// probability and, where it is there, diameter_mm. Other columns are passed
// over; the names of a rescoring's table of findings (series_uid, score,
// center_lps_x_mm and so on) stand for those. repeated counts the rows that say again, place and score, what one
// before them said: by the protocol each counts. name stands in errors, which
// are ErrInput with the line, or the reader's.
func ReadMarks(name string, r io.Reader) (marks []Mark, repeated int, err error) {
	t, err := openExported(name, r, append([]string{columnSeries, columnScore}, columnsPlace[:]...)...)
	if err != nil {
		return nil, 0, err
	}
	marks = []Mark{}
	seen := map[Mark]bool{}
	for {
		more, err := t.next()
		if err != nil || !more {
			return marks, repeated, err
		}
		var m Mark
		if m, err = t.mark(); err != nil {
			return nil, 0, err
		}
		if seen[m] {
			repeated++
		}
		seen[m] = true
		marks = append(marks, m)
	}
}

func (t *table) mark() (m Mark, err error) {
	if m.SeriesUID, err = t.series(); err != nil {
		return m, err
	}
	if m.CenterLPSMM, err = t.place(); err != nil {
		return m, err
	}
	if m.Score, err = t.needed(columnScore); err != nil {
		return m, err
	}
	m.DiameterMM, err = t.atLeastZero(columnDiameter)
	return m, err
}

// ReadNodules reads seriesuid, coordX, coordY, coordZ (patient LPS mm),
// diameter_mm (-1 where unknown) and, where they are there, role, kind and
// placement. Rows whose role is not "nodule" are left out, and others counts
// them. The same nodule twice is an error: it would count twice. Errors are as
// ReadMarks'.
func ReadNodules(name string, r io.Reader) (nodules []Nodule, others int, err error) {
	return readNodules(name, r, false)
}

// ReadExcluded reads findings to be passed over, as ReadNodules, but of every
// role, since whatever stands there is to be passed over. They may be there
// more than once, as in LUNA16's table.
func ReadExcluded(name string, r io.Reader) ([]Nodule, error) {
	excluded, _, err := readNodules(name, r, true)
	return excluded, err
}

func readNodules(name string, r io.Reader, excluded bool) (nodules []Nodule, others int, err error) {
	t, err := openTable(name, r, append([]string{columnSeries, columnDiameter}, columnsPlace[:]...)...)
	if err != nil {
		return nil, 0, err
	}
	nodules = []Nodule{}
	lines := map[Nodule]int{} // by series, place and diameter
	for {
		more, err := t.next()
		if err != nil || !more {
			return nodules, others, err
		}
		if role := t.text(columnRole); role != "" && !strings.EqualFold(role, roleNodule) && !excluded {
			others++
			continue
		}
		n, err := t.nodule()
		if err != nil {
			return nil, 0, err
		}
		same := Nodule{SeriesUID: n.SeriesUID, CenterLPSMM: n.CenterLPSMM, DiameterMM: n.DiameterMM}
		if before, twice := lines[same]; twice && !excluded {
			return nil, 0, t.errorf("the same nodule as in line %d: it would count twice, remove one", before)
		}
		lines[same] = t.line
		nodules = append(nodules, n)
	}
}

func (t *table) nodule() (n Nodule, err error) {
	if n.SeriesUID, err = t.series(); err != nil {
		return n, err
	}
	if n.CenterLPSMM, err = t.place(); err != nil {
		return n, err
	}
	if n.DiameterMM, err = t.needed(columnDiameter); err != nil {
		return n, err
	}
	if n.DiameterMM <= 0 && n.DiameterMM != UnknownDiameterMM {
		return n, t.errorf("%s %v: a diameter is above 0, or %d where it is unknown", columnDiameter, n.DiameterMM, UnknownDiameterMM)
	}
	n.Kind, n.Placement = strings.Clone(t.text(columnKind)), strings.Clone(t.text(columnPlacement))
	return n, nil
}

// ReadScans reads a list of series: one column seriesuid with or without its
// name above it, and, only with a header, thickness_mm, spacing_mm and kernel.
// A series twice is an error, and so is an empty list. Of a rescoring's table of
// series (columns series_uid, rescoring and state) the rows of what was read
// count, and notRead counts the others: they are no scans without marks. Errors
// are as ReadMarks'.
func ReadScans(name string, r io.Reader) (scans []Scan, notRead int, err error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", name, err)
	}
	text := string(data)
	headed, err := hasHeader(name, text)
	if err != nil {
		return nil, 0, err
	}
	if !headed {
		text = columnSeries + "\n" + strings.TrimPrefix(text, "\xef\xbb\xbf")
	}
	t, err := openExported(name, strings.NewReader(text), columnSeries)
	if err != nil {
		return nil, 0, err
	}
	return t.scans(!headed)
}

// hasHeader says whether the first row names the column. Without it, no row
// may have a second field: nobody could say what it means; and the first must
// be a UID, or another header would count as a scan.
func hasHeader(name, text string) (bool, error) {
	first, err := newReader(strings.NewReader(text)).Read()
	if errors.Is(err, io.EOF) {
		return false, fmt.Errorf("%w: %s is empty: it lists the series that were read, one a line", ErrInput, name)
	}
	if err != nil {
		return false, (&table{name: name}).broken(err)
	}
	for _, field := range first {
		if key := columnKey(field); key == columnSeries || key == exported[columnSeries] {
			return true, nil
		}
	}
	if len(first) > 1 {
		return false, fmt.Errorf("%w: %s line 1: no column %s: a list with more than one column needs a header", ErrInput, name, columnSeries)
	}
	if strings.Trim(strings.TrimSpace(first[0]), "0123456789.") != "" {
		return false, fmt.Errorf("%w: %s line 1: neither the column %s nor a UID: a list whose series have other names needs the header %s",
			ErrInput, name, columnSeries, columnSeries)
	}
	return false, nil
}

func (t *table) scans(headless bool) (scans []Scan, notRead int, err error) {
	lines := map[string]int{}
	for {
		more, err := t.next()
		if err != nil {
			return nil, 0, err
		}
		if !more {
			break
		}
		if headless {
			t.line-- // the header was put there
		}
		read, err := t.read()
		if err != nil {
			return nil, 0, err
		}
		if !read {
			notRead++
			continue
		}
		s, err := t.scan()
		if err != nil {
			return nil, 0, err
		}
		if before, twice := lines[s.SeriesUID]; twice {
			return nil, 0, t.errorf("series %s is in line %d already: it would count as two scans, remove one", s.SeriesUID, before)
		}
		lines[s.SeriesUID] = t.line
		scans = append(scans, s)
	}
	if len(scans) == 0 && notRead > 0 {
		return nil, 0, fmt.Errorf("%w: %s lists no series that was read: %d were not", ErrInput, t.name, notRead)
	}
	if len(scans) == 0 {
		return nil, 0, fmt.Errorf("%w: %s lists no series", ErrInput, t.name)
	}
	return scans, notRead, nil
}

// read says whether a row is of a series that was read. Only a rescoring's table
// can say otherwise: elsewhere a column of that name means something else.
func (t *table) read() (bool, error) {
	if !t.has(columnState) || !t.has(columnRescoring) {
		return true, nil
	}
	switch state := t.text(columnState); state {
	case "scored", "unchanged":
		return true, nil
	case "waiting", "skipped", "failed":
		return false, nil
	default:
		return false, t.errorf("%s %q is none of scored, unchanged, skipped, failed, waiting", columnState, state)
	}
}

func (t *table) scan() (s Scan, err error) {
	if s.SeriesUID, err = t.series(); err != nil {
		return s, err
	}
	if s.ThicknessMM, err = t.atLeastZero(columnThickness); err != nil {
		return s, err
	}
	if s.SpacingMM, err = t.atLeastZero(columnSpacing); err != nil {
		return s, err
	}
	s.Kernel, s.Group = strings.Clone(t.text(columnKernel)), strings.Clone(t.text(columnGroup))
	return s, nil
}
