package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestWriteSVG(t *testing.T) {
	c := Chart{
		Title: "speed <of> encoding", X: Axis{Label: "bytes", Log: true}, Y: Axis{Label: "MB/s"},
		Series: []Series{
			{Name: "ours & theirs", Points: []Point{{1e3, 3}, {1e6, 930}}},
			{Name: "bound", Dashed: true, Points: []Point{{1e3, 10}}},
			{Name: "empty"},
		},
	}
	var first, second bytes.Buffer
	if err := c.WriteSVG(&first); err != nil {
		t.Fatal(err)
	}
	if err := c.WriteSVG(&second); err != nil || !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Fatal("two drawings of one chart differ")
	}
	if s := first.String(); strings.Contains(s, "NaN") || strings.Contains(s, "Inf") {
		t.Fatalf("drawing has impossible coordinates:\n%s", s)
	}
	circles := 0
	for d := xml.NewDecoder(&first); ; {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
		if e, ok := tok.(xml.StartElement); ok && e.Name.Local == "circle" {
			circles++
		}
	}
	if circles != 3 {
		t.Errorf("%d points drawn, want 3", circles)
	}
}

func TestScaleCoversItsValues(t *testing.T) {
	for _, tc := range []struct {
		values []float64
		log    bool
	}{
		{[]float64{7, 930}, true}, {[]float64{10}, true}, {[]float64{0, 930}, false},
		{[]float64{-3, 4}, false}, {[]float64{5}, false}, {nil, false}, {nil, true},
	} {
		s := newScale(tc.values, tc.log)
		for _, v := range tc.values {
			if at := s.at(v); at < 0 || at > 1.0000001 {
				t.Errorf("%v log=%v: %g lies at %g", tc.values, tc.log, v, at)
			}
		}
		if len(s.ticks) < 2 || len(s.ticks) > 20 {
			t.Errorf("%v log=%v: %d ticks", tc.values, tc.log, len(s.ticks))
		}
	}
}
