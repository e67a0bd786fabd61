package web

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/semaphore"

	"nafas/dicomio"
	"nafas/dicomio/part10"
	"nafas/dicomio/refusal"
	"nafas/dicomio/source"
	"nafas/internal/triage"
)

// Bounds of thumbnails: what is kept, and the bytes of files that are in memory for
// them at once; one file may be larger, and is alone then.
const (
	mostPictures = 32 << 20
	mostRead     = 256 << 20
)

// pictures keeps thumbnails that were made, the latest used longest.
type pictures struct {
	reading *semaphore.Weighted

	mu    sync.Mutex
	by    map[string]*list.Element
	used  *list.List // the latest used first
	bytes int
}

type picture struct {
	key  string
	data []byte
}

func (p *pictures) init() {
	p.reading, p.by, p.used = semaphore.NewWeighted(mostRead), map[string]*list.Element{}, list.New()
}

func (p *pictures) get(key string) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.by[key]
	if e == nil {
		return nil
	}
	p.used.MoveToFront(e)
	return e.Value.(*picture).data
}

func (p *pictures) put(key string, data []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.by[key] != nil {
		return
	}
	p.by[key] = p.used.PushFront(&picture{key, data})
	for p.bytes += len(data); p.bytes > mostPictures; {
		last := p.used.Remove(p.used.Back()).(*picture)
		delete(p.by, last.key)
		p.bytes -= len(last.data)
	}
}

// thumbnail answers the route thumbnailPath.
func (w *Web) thumbnail(rw http.ResponseWriter, r *http.Request) (any, error) {
	ctx, uid, series := r.Context(), r.PathValue("study"), r.PathValue("series")
	rank, err := strconv.Atoi(r.PathValue("rank"))
	if err != nil || rank < 1 {
		return nil, invalid("the rank is a number from 1")
	}
	rows, err := w.Studies.Listed(ctx, w.Lists, uid)
	if err != nil {
		return nil, err
	}
	// Without the study's whole result, of which there may be hundreds in a page.
	for _, result := range first(rows).Results {
		if result.SeriesUID != series || rank > result.Findings {
			continue
		}
		if key := r.URL.Query().Get("key"); !strings.HasPrefix(result.Key, key) {
			break
		}
		if !first(rows).ImagesGoneAt.IsZero() {
			return nil, triage.ErrImagesGone
		}
		return nil, w.givePicture(rw, r, fmt.Sprintf("%s-%d", result.Key, rank), func() (shown, error) {
			return w.ofFinding(ctx, uid, series, result.Key, rank)
		})
	}
	return nil, notFound("there is no such finding, or another result has taken its place; load the study again")
}

// shown is what a thumbnail shows.
type shown struct {
	triage.Scope
	triage.ImagePlace
	diameterMM float64
}

// ofFinding is a finding of one result: a newer one that came meanwhile has others,
// and would be kept under the name of this one.
func (w *Web) ofFinding(ctx context.Context, uid, series, key string, rank int) (shown, error) {
	study, err := w.Studies.Study(ctx, uid)
	if err != nil {
		return shown{}, err
	}
	for _, s := range study.Series {
		if s.UID == series && s.Result != nil && s.Result.Key == key && rank <= len(s.Result.Findings) {
			return shownOf(uid, series, s.Result.Findings[rank-1]), nil
		}
	}
	return shown{}, triage.ErrNotFound
}

func shownOf(uid, series string, f triage.Finding) shown {
	mm, _ := f.Diameter()
	return shown{
		triage.Scope{StudyUID: uid, SeriesUID: series, SOPUID: f.SOPInstanceUID},
		triage.ImagePlace{SOPInstanceUID: f.SOPInstanceUID, Frame: f.Frame, PixelColumn: f.PixelColumn, PixelRow: f.PixelRow}, mm,
	}
}

// earlierThumbnail answers the route earlierThumbnailPath.
func (w *Web) earlierThumbnail(rw http.ResponseWriter, r *http.Request) (any, error) {
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil || n < 1 {
		return nil, invalid("the number of the earlier finding counts from 1")
	}
	study, err := w.Studies.Study(r.Context(), r.PathValue("study"))
	if err != nil {
		return nil, err
	}
	c := study.Comparison
	if c == nil || n > len(c.EarlierFindings) || !strings.HasPrefix(c.Key, r.URL.Query().Get("key")) {
		return nil, notFound("there is no such finding, or another comparison has taken its place; load the study again")
	}
	if err := w.imagesStand(r.Context(), c.EarlierStudyUID); err != nil {
		return nil, err
	}
	return nil, w.givePicture(rw, r, fmt.Sprintf("%s-earlier-%d", c.Key, n), func() (shown, error) {
		return shownOf(c.EarlierStudyUID, c.EarlierSeriesUID, c.EarlierFindings[n-1]), nil
	})
}

// imagesStand says why images of a study are not to be shown, though a picture of
// them is kept here: they were deleted, or are of two patients.
func (w *Web) imagesStand(ctx context.Context, uid string) error {
	study, err := w.Studies.Study(ctx, uid)
	switch {
	case err != nil:
		return err
	case !study.ImagesGoneAt.IsZero():
		return triage.ErrImagesGone
	case study.NotAssessed != nil && study.NotAssessed.Reason == refusal.PatientMismatch:
		return study.NotAssessed
	}
	return nil
}

// givePicture answers with the thumbnail that a key names. A browser may keep it,
// and asks each time whether it may still show it.
func (w *Web) givePicture(rw http.ResponseWriter, r *http.Request, key string, what func() (shown, error)) error {
	h, etag := rw.Header(), `"`+key+`"`
	if sameTag(r, etag) {
		h.Set("Cache-Control", "private, no-cache")
		h.Set("ETag", etag)
		rw.WriteHeader(http.StatusNotModified)
		return nil
	}
	data := w.pictures.get(key)
	if data == nil {
		one, err := what()
		if err != nil {
			return err
		}
		if data, err = w.draw(r.Context(), one); err != nil {
			return err
		}
		w.pictures.put(key, data)
	}
	h.Set("Cache-Control", "private, no-cache")
	h.Set("ETag", etag)
	h.Set("Content-Type", "image/png")
	_, _ = rw.Write(data) // who left does not see it
	return nil
}

// draw makes a thumbnail of a stored image.
func (w *Web) draw(ctx context.Context, one shown) ([]byte, error) {
	if one.SOPUID == "" {
		return nil, notFound("the finding lies in no image")
	}
	found, err := w.Archive.Located(ctx, one.Scope, 0, 1)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, triage.ErrImagesGone
	}
	var out []byte
	err = w.reading(ctx, found[0].Path, func(data []byte) error {
		p, err := planeOf(ctx, data, one.Frame)
		if err == nil {
			out, err = p.draw(one.PixelColumn, one.PixelRow, one.diameterMM)
		}
		if err != nil {
			return notFound("no picture can be made of the image here: " + err.Error())
		}
		return nil
	})
	return out, err
}

// headRead is how much of a file shows what it takes in memory.
const headRead = 4 << 10

// reading has do look at a stored file, within the memory of all requests.
func (w *Web) reading(ctx context.Context, path string, do func(data []byte) error) error {
	file, size, err := w.Archive.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	data := make([]byte, min(size, headRead))
	if _, err := io.ReadFull(file, data); err != nil {
		return err
	}
	// The header is read twice: once for the place of its pixels.
	weight := min(2*part10.Claim(data, size), mostRead)
	if err := w.pictures.reading.Acquire(ctx, weight); err != nil {
		return err
	}
	defer w.pictures.reading.Release(weight)
	rest := make([]byte, size)
	if _, err := io.ReadFull(file, rest[copy(rest, data):]); err != nil {
		return err
	}
	return do(rest)
}

// planeOf decodes one image of a file; number counts from 1 in multi-frame
// instances, 0 in single-frame ones.
func planeOf(ctx context.Context, data []byte, number int) (plane, error) {
	inv, err := dicomio.Load(ctx, []source.Item{{Name: "instance", Open: func() ([]byte, error) { return data, nil }}}, dicomio.LoadOptions{})
	if err != nil {
		return plane{}, err
	}
	if len(inv.Refused) > 0 {
		return plane{}, inv.Refused[0].Err
	}
	index := max(number, 1) - 1
	if len(inv.Instances) != 1 || index >= len(inv.Instances[0].Frames) {
		return plane{}, errors.New("it has no such frame")
	}
	frame := inv.Instances[0].Frames[index]
	if !frame.HasOrientation || !frame.HasSpacing {
		return plane{}, errors.New("it says nothing of its geometry")
	}
	f, err := part10.Parse(data, part10.DefaultLimits())
	if err != nil {
		return plane{}, err
	}
	p, err := dicomio.OpenPicture(f)
	if err != nil {
		return plane{}, err
	}
	if index >= p.NumberOfFrames() {
		return plane{}, errors.New("it has no such frame")
	}
	hu, err := p.Values(index)
	return plane{hu, p.Format.Columns, p.Format.Rows, frame.Row, frame.Column, frame.PixelSpacingMM}, err
}
