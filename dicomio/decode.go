package dicomio

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
	"nafas/dicomio/pixel"
	"nafas/dicomio/refusal"
)

// opened is an instance whose bytes have been read again for decoding. Frames
// of one multi-frame instance share it.
type opened struct {
	in     *Instance
	once   sync.Once
	data   []byte   // native frames of a source that cannot read a part
	frames [][]byte // frames of everything else
	err    error
}

// load reads the bytes where the frames cannot be read one by one.
func (o *opened) load() error {
	o.once.Do(func() { o.err = o.read() })
	return o.err
}

func (o *opened) read() error {
	in := o.in
	if in.location.native && in.Source.ReadAt != nil {
		return nil
	}
	data, err := in.Source.Bytes(nil)
	if err != nil {
		return readError(err)
	}
	if in.location.native {
		if int64(len(data)) != in.location.fileSize {
			return errChanged()
		}
		o.data = data
		return nil
	}
	f, err := part10.Parse(data, in.location.limits)
	if err != nil {
		return err
	}
	uid, _ := f.String(tag.SOPInstanceUID)
	rows, _ := f.Int(tag.Rows)
	columns, _ := f.Int(tag.Columns)
	if uid != in.SOPUID || rows != in.Rows || columns != in.Columns || f.TransferSyntax != in.TransferSyntax {
		return errChanged()
	}
	o.frames, err = f.Frames(len(in.Frames))
	return err
}

func errChanged() error {
	return refusal.New(refusal.Malformed, "send the series again", "a file that changed while it was read")
}

// frame writes the cells of a frame to dst: stored bits in their place for
// native ones, stored values (decoded true) else. read and decode are the
// times spent on either.
func (o *opened) frame(dst []uint16, frame int) (decoded bool, read, decode time.Duration, err error) {
	start := time.Now()
	if err := o.load(); err != nil {
		return false, 0, 0, err
	}
	if o.in.location.native {
		err = o.native(dst, frame)
		return false, time.Since(start), 0, err
	}
	read = time.Since(start)
	start = time.Now()
	err = pixel.Decode(dst, o.frames[frame], o.in.Format)
	return true, read, time.Since(start), err
}

// native copies the bytes of one frame; the host's order is the file's.
func (o *opened) native(dst []uint16, frame int) error {
	loc := o.in.location
	size := int64(2 * len(dst))
	at := loc.offset + int64(frame)*size
	if at+size > loc.offset+loc.length || at+size > loc.fileSize {
		return refusal.New(refusal.Malformed, remedySource, "pixel data of %d bytes that do not hold frame %d", loc.length, frame+1)
	}
	if o.data != nil {
		copy(bytesOf(dst), o.data[at:at+size])
		return nil
	}
	if err := o.in.Source.ReadAt(bytesOf(dst), at, loc.fileSize); err != nil {
		return readError(err)
	}
	return nil
}

// decoder decodes the planes of one plan.
type decoder struct {
	plan   *plan
	files  map[*Instance]*opened
	tables sync.Pool // of *tables
	// read and decode are summed over workers, in nanoseconds.
	read, decode atomic.Int64
}

func newDecoder(p *plan) *decoder {
	d := &decoder{plan: p, files: map[*Instance]*opened{}, tables: sync.Pool{New: func() any { return new(tables) }}}
	for _, pl := range p.planes {
		d.files[pl.in] = nil
	}
	for _, pair := range p.doubles {
		d.files[pair.kept.in], d.files[pair.other.in] = nil, nil
	}
	for in := range d.files {
		d.files[in] = &opened{in: in}
	}
	return d
}

// hounsfield decodes one plane. A single-frame file is read anew each time.
func (d *decoder) hounsfield(hu []int16, pl plane) error {
	o := d.files[pl.in]
	if len(pl.in.Frames) == 1 {
		o = &opened{in: pl.in} // not kept: the bytes are garbage after the frame
	}
	decoded, read, decode, err := o.frame(cellsOf(hu), pl.frame)
	if err != nil {
		return err
	}
	start := time.Now()
	ts := d.tables.Get().(*tables)
	ts.get(keyOf(pl.in, pl.fr(), decoded)).apply(hu)
	d.tables.Put(ts)
	d.read.Add(int64(read))
	d.decode.Add(int64(decode + time.Since(start)))
	return nil
}

// all decodes every plane into its slab of hu, several at once.
func (d *decoder) all(ctx context.Context, hu []int16, n int, report *counter, each func(slab []int16)) error {
	g, inner := errgroup.WithContext(ctx)
	g.SetLimit(parallel(n))
	size := d.plan.grid.Size[0] * d.plan.grid.Size[1]
	for i, pl := range d.plan.planes {
		if inner.Err() != nil {
			break
		}
		g.Go(func() error {
			if err := inner.Err(); err != nil {
				return err
			}
			slab := hu[d.plan.place[i]*size:][:size]
			if err := d.hounsfield(slab, pl); err != nil {
				return err
			}
			move(slab, d.plan.grid.Size[0], d.plan.shift[i])
			each(slab)
			report.step()
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// samePixels compares the stored pixels of two instances: of images frame by
// frame, of other objects the whole pixel data, or the file where they have
// none.
func samePixels(a, b *Instance) (bool, error) {
	fa, err := reparse(a)
	if err != nil {
		return false, err
	}
	fb, err := reparse(b)
	if err != nil {
		return false, err
	}
	if !a.IsCT() || !b.IsCT() || len(a.Frames) == 0 {
		return sameBytes(fa, fb), nil
	}
	if a.Rows != b.Rows || a.Columns != b.Columns || len(a.Frames) != len(b.Frames) {
		return false, nil
	}
	framesA, err := fa.Frames(len(a.Frames))
	if err != nil {
		return false, err
	}
	framesB, err := fb.Frames(len(b.Frames))
	if err != nil {
		return false, err
	}
	return sameFrames(a.Format, b.Format, framesA, framesB)
}
