// Package chart draws line charts as SVG, for the figures in docs.
//
// The idea: a chart is a title, two axes that may be logarithmic, and named series of points; the
// output is a self-contained file of a few kilobytes, the same bytes for the same input, so that it
// can be committed and compared. Start with [Chart.WriteSVG].
package chart

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"math"
)

// Point is a sample.
type Point struct{ X, Y float64 }

// Series is a named line through points in ascending order of X.
type Series struct {
	Name   string
	Points []Point
	Dashed bool
}

// Axis says how one direction is drawn.
type Axis struct {
	Label string
	Log   bool                 // base 10; values must be positive
	Text  func(float64) string // of a tick; nil means %g
}

// Chart is a drawing to be.
type Chart struct {
	Title  string
	X, Y   Axis
	Series []Series
}

// The drawing's size and margins in pixels.
const (
	width, height            = 820, 420
	left, right, top, bottom = 70, 250, 40, 50
	plotWidth                = width - left - right
	plotHeight               = height - top - bottom
)

// colours are told apart by people with the common kinds of colour blindness (Okabe and Ito, 2008).
var colours = [...]string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999933"}

// scale maps values of one axis to [0, 1].
type scale struct {
	low, high float64
	log       bool
	ticks     []float64
}

func (s scale) at(v float64) float64 {
	if s.log {
		return math.Log10(v/s.low) / math.Log10(s.high/s.low)
	}
	return (v - s.low) / (s.high - s.low)
}

// newScale covers values: whole decades, or from zero in about five round steps.
func newScale(values []float64, log bool) scale {
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	if len(values) == 0 {
		low, high = 1, 10
	}
	s := scale{log: log}
	if log {
		from, to := math.Floor(math.Log10(low)), math.Ceil(math.Log10(high))
		if from == to {
			to++
		}
		s.low, s.high = math.Pow(10, from), math.Pow(10, to)
		for e := from; e <= to; e++ {
			s.ticks = append(s.ticks, math.Pow(10, e))
		}
		return s
	}
	s.low = min(low, 0)
	step := roundStep((high - s.low) / 5)
	s.low = step * math.Floor(s.low/step)
	s.high = step * math.Ceil(high/step)
	for i := 0; ; i++ {
		v := s.low + float64(i)*step
		if v > s.high+step/2 {
			return s
		}
		s.ticks = append(s.ticks, v)
	}
}

// roundStep is the least of 1, 2 and 5 times a power of ten that is not below v.
func roundStep(v float64) float64 {
	if v <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5, 10} {
		if m*power >= v {
			return m * power
		}
	}
	return 10 * power
}

// WriteSVG draws the chart.
func (c *Chart) WriteSVG(w io.Writer) error {
	var xs, ys []float64
	for _, s := range c.Series {
		for _, p := range s.Points {
			xs, ys = append(xs, p.X), append(ys, p.Y)
		}
	}
	x, y := newScale(xs, c.X.Log), newScale(ys, c.Y.Log)
	px := func(v float64) float64 { return left + plotWidth*x.at(v) }
	py := func(v float64) float64 { return top + plotHeight*(1-y.at(v)) }

	b := bufio.NewWriter(w)
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", width, height)
	fmt.Fprintf(b, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", width, height)
	text(b, left, 24, "start", c.Title, ` font-size="15" font-weight="bold"`)
	for _, v := range x.ticks {
		fmt.Fprintf(b, `<path d="M%.1f %dV%d" stroke="#ddd"/>`+"\n", px(v), top, top+plotHeight)
		text(b, px(v), top+plotHeight+18, "middle", c.X.text(v), "")
	}
	for _, v := range y.ticks {
		fmt.Fprintf(b, `<path d="M%d %.1fH%d" stroke="#ddd"/>`+"\n", left, py(v), left+plotWidth)
		text(b, left-8, py(v)+4, "end", c.Y.text(v), "")
	}
	text(b, left+plotWidth/2, height-12, "middle", c.X.Label, "")
	text(b, 16, top+plotHeight/2, "middle", c.Y.Label, fmt.Sprintf(` transform="rotate(-90 16 %d)"`, top+plotHeight/2))
	for i, s := range c.Series {
		c.line(b, i, s, px, py)
	}
	fmt.Fprintln(b, "</svg>")
	return b.Flush()
}

func (c *Chart) line(b *bufio.Writer, i int, s Series, px, py func(float64) float64) {
	style := fmt.Sprintf(`fill="none" stroke="%s" stroke-width="2"`, colours[i%len(colours)])
	if s.Dashed {
		style += ` stroke-dasharray="6 4"`
	}
	b.WriteString(`<polyline points="`)
	for _, p := range s.Points {
		fmt.Fprintf(b, "%.1f,%.1f ", px(p.X), py(p.Y))
	}
	fmt.Fprintf(b, `" %s/>`+"\n", style)
	const marked = 40 // more points than this are a curve, not samples
	for _, p := range s.Points[:min(len(s.Points), marked)] {
		if len(s.Points) <= marked {
			fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>`+"\n", px(p.X), py(p.Y), colours[i%len(colours)])
		}
	}
	y := top + 14 + 20*i
	fmt.Fprintf(b, `<path d="M%d %dh22" %s/>`+"\n", left+plotWidth+14, y-4, style)
	text(b, left+plotWidth+42, float64(y), "start", s.Name, "")
}

func (a Axis) text(v float64) string {
	if a.Text != nil {
		return a.Text(v)
	}
	return fmt.Sprintf("%g", v)
}

func text(b *bufio.Writer, x, y float64, anchor, s, more string) {
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" text-anchor="%s"%s>%s</text>`+"\n", x, y, anchor, more, html.EscapeString(s))
}
