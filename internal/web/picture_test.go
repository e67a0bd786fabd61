package web_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/inference/volume"
	"nafas/internal/triage"
	"nafas/internal/web/api"
)

// picture is a thumbnail.
func (b *bench) picture(path string) image.Image {
	b.Helper()
	res, data := b.ask(http.MethodGet, path, everybody, nil)
	require.Equal(b, http.StatusOK, res.StatusCode, "%s", data)
	require.Equal(b, "image/png", res.Header.Get("Content-Type"))
	img, err := png.Decode(bytes.NewReader(data))
	require.NoError(b, err)
	require.Equal(b, image.Rect(0, 0, 128, 128), img.Bounds())
	return img
}

func white(c color.Color) bool {
	r, g, b, _ := c.RGBA()
	return r > 0xe000 && g > 0xe000 && b > 0xe000
}

// However the images are stored, the finding is in the middle, and what lies to the
// patient's left of it, behind in no way, is on the right of the picture.
func TestThumbnailsShowThePatientsLeftOnTheRight(t *testing.T) {
	for name, w := range map[string]way{
		"supine":           supine,
		"mirrored rows":    {volume.Vec3{-1, 0, 0}, volume.Vec3{0, 1, 0}},
		"prone":            {volume.Vec3{-1, 0, 0}, volume.Vec3{0, -1, 0}},
		"mirrored columns": {volume.Vec3{1, 0, 0}, volume.Vec3{0, -1, 0}},
		"on the side":      {volume.Vec3{0, 1, 0}, volume.Vec3{-1, 0, 0}},
		"a bit turned":     {volume.Vec3{0.96, 0.28, 0}, volume.Vec3{-0.28, 0.96, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			files, _, at := chest(t, name, w, nil)
			uid := b.send(files...)
			b.reader.findings = found(files, at, 1)
			b.read(uid)
			img := b.picture(get[api.Worklist](b, "/api/worklist").Studies[0].Thumbnails[0].URL)
			// 40 mm are 128 pixels: the ball has a radius of 12.8, the bar begins at 32.
			require.True(t, white(img.At(64, 64)))
			require.True(t, white(img.At(64+38, 64)), "the bar on the patient's left")
			require.False(t, white(img.At(64-38, 64)))
			require.False(t, white(img.At(64, 64+38)))
			require.False(t, white(img.At(64, 64-38)))
			for y := 64 - 10; y < 64+10; y++ {
				for x := 64 - 10; x < 64+10; x++ {
					r, _, blue, _ := img.At(x, y).RGBA()
					require.Equal(t, r, blue, "a mark covers the finding at %d, %d", x, y)
				}
			}
		})
	}
}

func TestThumbnailsAreKeptByTheBrowserAsLongAsTheyHold(t *testing.T) {
	b := newBench(t)
	uid, series := b.withResult("kept", 3)
	row := get[api.Worklist](b, "/api/worklist").Studies[0]
	first, data := b.ask(http.MethodGet, row.Thumbnails[0].URL, everybody, nil)
	require.Equal(t, "private, no-cache", first.Header.Get("Cache-Control"))
	_, again := b.ask(http.MethodGet, row.Thumbnails[0].URL, everybody, nil)
	require.Equal(t, data, again)
	second, _ := b.ask(http.MethodGet, row.Thumbnails[1].URL, everybody, nil)
	require.NotEqual(t, first.Header.Get("ETag"), second.Header.Get("ETag"))
	r, err := http.NewRequest(http.MethodGet, b.http.URL+row.Thumbnails[0].URL, nil)
	require.NoError(t, err)
	r.Header.Set("Test-Reader", everybody)
	r.Header.Set("If-None-Match", first.Header.Get("ETag"))
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	res.Body.Close()
	require.Equal(t, http.StatusNotModified, res.StatusCode)

	path := "/api/studies/" + uid + "/series/" + series + "/findings/"
	b.picture(path + "3/thumbnail")
	b.refused(http.StatusNotFound, http.MethodGet, path+"4/thumbnail", everybody, nil)
	b.refused(http.StatusNotFound, http.MethodGet, path+"1/thumbnail?key=other", everybody, nil)

	_, err = b.store.Forget(t.Context(), uid, noon.AddDate(99, 0, 0), triage.KeepRule{Done: 1})
	require.NoError(t, err)
	b.refused(http.StatusNotFound, http.MethodGet, path+"1/thumbnail", everybody, nil)
	gone := get[api.Worklist](b, "/api/worklist").Studies[0]
	require.True(t, gone.ImagesGone)
	require.Empty(t, gone.Thumbnails)
	require.Equal(t, 3, gone.Findings, "what was said is kept")
	b.refused(http.StatusNotFound, http.MethodGet, "/api/studies/"+uid+"/outlines", everybody, nil)
}

// tilted leaves the orientation out of the images of one slice.
func without(k int, elems []*dicom.Element) []*dicom.Element {
	if k != 38 {
		return elems
	}
	out := elems[:0]
	for _, e := range elems {
		if e.Tag != tag.ImageOrientationPatient {
			out = append(out, e)
		}
	}
	return out
}

// Which side is which cannot be guessed.
func TestNoThumbnailWithoutOrientation(t *testing.T) {
	b := newBench(t)
	files, _, at := chest(t, "nowhere", supine, without)
	uid := b.send(files...)
	b.reader.findings = found(files, at, 1)
	b.read(uid)
	p := b.refused(http.StatusNotFound, http.MethodGet, get[api.Worklist](b, "/api/worklist").Studies[0].Thumbnails[0].URL, everybody, nil)
	require.Contains(t, p.Detail, "geometry")
}

// The outline goes around the body's pixels, in the patient, on the images that it
// crosses.
func TestOutlinesLieInThePatient(t *testing.T) {
	for name, w := range map[string]way{"supine": supine, "prone": {volume.Vec3{-1, 0, 0}, volume.Vec3{0, -1, 0}}} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			files, grid, at := chest(t, name, w, nil)
			uid := b.send(files...)
			b.reader.findings = found(files, at, 2)
			b.read(uid)
			for range 2 { // made, and kept
				out := get[api.Outlines](b, "/api/studies/"+uid+"/outlines")
				require.Equal(t, get[api.StudyPage](b, "/api/studies/"+uid).Series[0].Result.Key, out.Findings[0].ResultKey)
				require.Len(t, out.Findings, 1, "the second was not measured")
				require.Equal(t, 1, out.Findings[0].Rank)
				require.Len(t, out.Findings[0].Slices, 2)
				for k, s := range out.Findings[0].Slices {
					h, err := triage.ReadHeader(files[38+k])
					require.NoError(t, err)
					require.Equal(t, h.SOPUID, s.SOPInstanceUID)
					require.Len(t, s.Polygons, 1)
					require.Len(t, s.Polygons[0], 4)
					var middle volume.Vec3
					for _, p := range s.Polygons[0] {
						middle = middle.Add(volume.Vec3(p).Scale(0.25))
					}
					want := grid.ToLPS(volume.Vec3{40, 36.5, float64(38 + k)})
					require.InDelta(t, 0, middle.Sub(want).Norm(), 1e-6)
				}
			}
		})
	}
}
