// Package chart draws the free-response curve of an evaluation.
package chart

import (
	"bytes"
	"errors"
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"nafas/inference/froc"
)

// ErrNothing: no curve has a sensitivity, since there is no nodule.
var ErrNothing = errors.New("chart: no curve to draw: there are no nodules")

const (
	width, height = 18 * vg.Centimeter, 13 * vg.Centimeter
	margin        = 4 * vg.Millimeter
	lineHeight    = 5.5 * vg.Millimeter // of the legend
	// dotsPerInch of the PNG: 1417 x 1024 pixels.
	dotsPerInch = 200
)

// Blue and orange stay apart in grey and for colour-blind readers (Okabe and
// Ito).
var colours = []color.NRGBA{{0, 114, 178, 255}, {213, 94, 0, 255}}

// Curves draws the curves of an evaluation from 1/8 to 8 false marks per scan
// on a logarithmic axis, each with its 95% band and its CPM, and returns the
// picture in both formats. The error is ErrNothing or the encoder's. The same
// curves give the same bytes.
func Curves(title string, curves []froc.Curve) (svg, png []byte, err error) {
	p, err := newPicture(title, curves)
	if err != nil {
		return nil, nil, err
	}
	drawn := vgsvg.New(width, height)
	p.render(drawn)
	dots := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(dotsPerInch))
	p.render(dots)
	var vector, pixels bytes.Buffer
	if _, err := drawn.WriteTo(&vector); err != nil {
		return nil, nil, fmt.Errorf("chart: %w", err)
	}
	if _, err := (vgimg.PngCanvas{Canvas: dots}).WriteTo(&pixels); err != nil {
		return nil, nil, fmt.Errorf("chart: %w", err)
	}
	// Whoever lacks the font has one of the same widths.
	named := bytes.ReplaceAll(vector.Bytes(), []byte("font-family:Liberation Sans;"),
		[]byte("font-family:Liberation Sans,Arimo,Helvetica,Arial,sans-serif;"))
	return named, pixels.Bytes(), nil
}

// picture is a plot and the legend below it, where no curve comes.
type picture struct {
	*plot.Plot
	legend plot.Legend
	lines  int
}

func (p *picture) render(c vg.CanvasSizer) {
	whole := draw.New(c)
	whole.FillPolygon(color.White, []vg.Point{{}, {X: width}, {X: width, Y: height}, {Y: height}})
	strip := vg.Length(p.lines)*lineHeight + 2*vg.Millimeter
	p.Draw(draw.Crop(whole, margin, -margin, margin+strip, -margin))
	p.legend.Draw(draw.Crop(whole, 20*vg.Millimeter, 0, margin, strip+vg.Millimeter-height))
}

func newPicture(title string, curves []froc.Curve) (*picture, error) {
	p := &picture{Plot: plot.New(), legend: plot.NewLegend()}
	p.legend.TextStyle.Font = sans(10)
	p.legend.Left, p.legend.Top = true, true
	p.legend.ThumbnailWidth = 9 * vg.Millimeter
	p.legend.Padding = 1 * vg.Millimeter
	axes(p.Plot, title)
	var drawable []froc.Curve
	for _, c := range curves {
		if !math.IsNaN(float64(c.CPM)) && len(c.Band) > 0 {
			drawable = append(drawable, c)
		}
	}
	if len(drawable) == 0 {
		return nil, ErrNothing
	}
	p.lines = len(drawable)
	for i, c := range drawable {
		if err := p.addBand(c, i); err != nil {
			return nil, fmt.Errorf("chart: %w", err)
		}
	}
	for i, c := range drawable {
		if err := p.addLine(c, i); err != nil {
			return nil, fmt.Errorf("chart: %w", err)
		}
	}
	return p, nil
}

func axes(p *plot.Plot, title string) {
	p.Title.Text = title
	p.Title.Padding = 3 * vg.Millimeter
	p.X.Label.Text, p.Y.Label.Text = "False marks per scan", "Sensitivity"
	p.X.Scale = plot.LogScale{}
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0.125, 8, 0, 1
	p.X.Tick.Marker = plot.ConstantTicks(rateTicks())
	var tenths []plot.Tick
	for i := range 11 {
		tenths = append(tenths, plot.Tick{Value: float64(i) / 10, Label: fmt.Sprintf("%.1f", float64(i)/10)})
	}
	p.Y.Tick.Marker = plot.ConstantTicks(tenths)
	p.Title.TextStyle.Font = sans(13)
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Label.TextStyle.Font = sans(11)
		axis.Label.Padding = 2 * vg.Millimeter
		axis.Tick.Label.Font = sans(10)
		axis.Padding = 0
	}
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = color.Gray{225}, color.Gray{225}
	p.Add(grid)
}

func sans(points float64) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Points(points)}
}

func rateTicks() []plot.Tick {
	names := []string{"1/8", "1/4", "1/2", "1", "2", "4", "8"}
	var ticks []plot.Tick
	for i, rate := range froc.Rates() {
		ticks = append(ticks, plot.Tick{Value: rate, Label: names[i]})
	}
	return ticks
}

// addBand draws the intervals; all bands lie below all lines.
func (p *picture) addBand(c froc.Curve, index int) error {
	var outline, lower plotter.XYs
	for _, b := range c.Band {
		if math.IsNaN(float64(b.Interval[0])) {
			return nil
		}
		x := float64(b.FalseMarksPerScan)
		lower = append(lower, plotter.XY{X: x, Y: float64(b.Interval[0])})
		outline = append(outline, plotter.XY{X: x, Y: float64(b.Interval[1])})
	}
	slices.Reverse(lower)
	band, err := plotter.NewPolygon(append(outline, lower...))
	if err != nil {
		return err
	}
	colour := colourOf(index)
	band.Color = color.NRGBA{colour.R, colour.G, colour.B, 40}
	band.LineStyle.Width = 0
	p.Add(band)
	return nil
}

// addLine draws the curve with a dot at each of the rates.
func (p *picture) addLine(c froc.Curve, index int) error {
	var line, dots plotter.XYs
	rates := froc.Rates()
	for _, b := range c.Band {
		at := plotter.XY{X: float64(b.FalseMarksPerScan), Y: float64(b.Sensitivity)}
		line = append(line, at)
		if len(dots) < len(rates) && at.X == rates[len(dots)] {
			dots = append(dots, at)
		}
	}
	l, s, err := plotter.NewLinePoints(line)
	if err != nil {
		return err
	}
	l.Color, l.Width = colourOf(index), vg.Points(1.8)
	if index > 0 {
		l.Dashes = []vg.Length{vg.Points(6), vg.Points(3)}
	}
	s.XYs = dots
	s.GlyphStyle = draw.GlyphStyle{Color: colourOf(index), Radius: vg.Points(2.8), Shape: draw.CircleGlyph{}}
	p.Add(l, s)
	p.legend.Add(label(c), l, s)
	return nil
}

func colourOf(index int) color.NRGBA { return colours[index%len(colours)] }

func label(c froc.Curve) string {
	what := "CPM"
	if c.ExcludedFalse {
		what = "excluded findings count as false: CPM"
	}
	text := fmt.Sprintf("%s %.3f", what, float64(c.CPM))
	if low, high := float64(c.CPMInterval[0]), float64(c.CPMInterval[1]); !math.IsNaN(low) {
		text += fmt.Sprintf(" (95%% interval %.3f to %.3f)", low, high)
	}
	return text
}
