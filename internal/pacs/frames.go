package pacs

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"nafas/dicomio"
	"nafas/dicomio/dicomweb"
	"nafas/dicomio/part10"
)

// mostFrames bounds the frames of one request.
const mostFrames = 10_000

// frames is WADO-RS of frames (PS3.18 section 10.4.1.1.6): pixel cells in
// Explicit VR Little Endian, or the code streams as they are stored.
func (w *Web) frames(rw http.ResponseWriter, r *http.Request) {
	numbers, err := frameNumbers(r.PathValue("frames"))
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	all, ok := w.listed(rw, r)
	if !ok {
		return
	}
	w.giveFrames(rw, r, all[0], numbers)
}

func frameNumbers(list string) ([]int, error) {
	var out []int
	for one := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(one)
		if err != nil || n < 1 || len(out) == mostFrames {
			return nil, errors.New("frames are numbers from 1 with commas between, at most " + strconv.Itoa(mostFrames))
		}
		out = append(out, n)
	}
	return out, nil
}

// giveFrames gives frames by their numbers, or all of them.
func (w *Web) giveFrames(rw http.ResponseWriter, r *http.Request, o object, numbers []int) {
	err := w.holdings.parsed(r.Context(), o, func(f *part10.File) error {
		p, err := dicomio.OpenPicture(f)
		if err != nil {
			return err
		}
		if numbers == nil {
			for i := range p.NumberOfFrames() {
				numbers = append(numbers, i+1)
			}
		}
		for _, n := range numbers {
			if n > p.NumberOfFrames() {
				http.Error(rw, "the instance has "+strconv.Itoa(p.NumberOfFrames())+" frames", http.StatusNotFound)
				return nil
			}
		}
		form, ok := dicomweb.Choose(ranges(r), frameForms(f, p, len(numbers)))
		if !ok {
			return noFrameForm(f, p)
		}
		if coded(p, form) {
			return w.sendFrames(rw, r, p, numbers, form)
		}
		two := int64(min(len(numbers), 2)) * p.DecodedBytes() // the first one and the one on its way
		return w.holdings.holding(r.Context(), two, func() error { return w.sendFrames(rw, r, p, numbers, form) })
	})
	if err != nil {
		w.fail(rw, r, err)
	}
}

// frameForms are the forms in which frames can be given, those as they are
// stored first.
func frameForms(f *part10.File, p *dicomio.Picture, n int) []dicomweb.Offer {
	var out []dicomweb.Offer
	if !p.Native() {
		out = append(out, dicomweb.Offer{Type: dicomweb.MediaTypeOctets, TransferSyntax: f.TransferSyntax})
		if kind := dicomweb.FrameType(f.TransferSyntax); kind != "" {
			out = append(out, dicomweb.Offer{Type: kind, TransferSyntax: f.TransferSyntax})
		}
	}
	if p.Decodable() == nil {
		out = append(out, dicomweb.Offer{Type: dicomweb.MediaTypeOctets, TransferSyntax: part10.ExplicitLE, Plain: true})
	}
	for i := range out {
		out[i].Plain = out[i].Plain || out[i].Type != dicomweb.MediaTypeOctets
		out[i].Multipart = true
	}
	// A caller that takes anything gets what any caller can read.
	if last := len(out) - 1; last > 0 && out[last].TransferSyntax == part10.ExplicitLE {
		out[last-1], out[last] = out[last], out[last-1]
	}
	if n == 1 {
		for _, o := range out {
			o.Multipart = false
			out = append(out, o)
		}
	}
	return out
}

func noFrameForm(f *part10.File, p *dicomio.Picture) error {
	text := `frames are given as application/octet-stream, one alone or any in multipart/related`
	if !p.Native() {
		text += "; as they are stored with transfer-syntax=* or " + f.TransferSyntax
	}
	if err := p.Decodable(); err != nil {
		text += "; not uncompressed: " + err.Error()
	}
	return errNotAcceptable{text}
}

// coded says whether frames are given as they are stored, and that is compressed.
func coded(p *dicomio.Picture, form dicomweb.Offer) bool {
	return !p.Native() && form.TransferSyntax != part10.ExplicitLE
}

func (w *Web) sendFrames(rw http.ResponseWriter, r *http.Request, p *dicomio.Picture, numbers []int, form dicomweb.Offer) error {
	give := func(n int) ([]byte, error) {
		if coded(p, form) {
			return p.Coded(n - 1), nil
		}
		if err := w.holdings.turn(r.Context(), w.holdings.decoding, 1); err != nil {
			return nil, err
		}
		defer w.holdings.decoding.Release(1)
		return p.Cells(n - 1)
	}
	first, err := give(numbers[0])
	if err != nil {
		return err
	}
	if !form.Multipart {
		w.giveParts(rw, r, form, [][]byte{first})
		return nil
	}
	parts := dicomweb.NewParts(w.steady(rw), form)
	rw.Header().Set("Content-Type", parts.ContentType())
	for i, n := range numbers {
		cells := first
		if i > 0 {
			if cells, err = give(n); err != nil {
				w.broken(r, err)
			}
		}
		part, err := parts.Next("", "")
		if err == nil {
			_, err = part.Write(cells)
		}
		if err != nil {
			w.broken(r, err)
		}
	}
	if err := parts.Close(); err != nil {
		w.broken(r, err)
	}
	return nil
}
