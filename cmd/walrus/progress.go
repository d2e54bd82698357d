package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// progress draws one line on a terminal: what is being done, how far it is, how fast and how long it
// will take. On anything but a terminal it draws nothing. Safe for concurrent use.
type progress struct {
	w       io.Writer // nil draws nothing
	now     func() time.Time
	columns func() int // of the terminal; nil, or 0, if that is not known

	mu    sync.Mutex
	label string
	note  string
	done  int64
	total int64     // 0 if not known
	begun time.Time // when the label was set
	drawn time.Time // when the line was last drawn
	width int       // characters on the line now
}

// redraw is the least time between two drawings: often enough to look alive, seldom enough to cost
// nothing.
const redraw = 80 * time.Millisecond

// newProgress returns a progress on standard error.
func (d *deps) newProgress() *progress {
	p := &progress{now: d.now, columns: d.columns}
	if d.terminal && !d.json {
		p.w = d.stderr
	}
	return p
}

// set shows that done of total bytes of what label says are done, and a note. total may be 0 if it is not
// known. The rate counts from when the label was first set.
func (p *progress) set(label, note string, done, total int64) {
	if p.w == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if label != p.label {
		p.label, p.begun, p.drawn = label, now, time.Time{}
	}
	p.note, p.done, p.total = note, done, total
	if now.Sub(p.drawn) >= redraw || done == total {
		p.drawn = now
		p.draw(p.line(now))
	}
}

// clear takes the line away. It may be called again and again, and set may follow.
func (p *progress) clear() {
	if p.w == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.draw("")
	p.label = ""
}

// draw replaces what is on the line. Called with mu held.
func (p *progress) draw(line string) {
	width := len([]rune(line))
	if width == 0 && p.width == 0 {
		return
	}
	fmt.Fprintf(p.w, "\r%s%s", line, strings.Repeat(" ", max(0, p.width-width)))
	if width == 0 {
		fmt.Fprint(p.w, "\r")
	}
	p.width = width
}

// line gives the text, "uploading  [######----]  61%  30.5 MiB of 50.0 MiB  12.1 MiB/s  2s left". What does
// not fit on the terminal's line is left out. Called with mu held.
func (p *progress) line(now time.Time) string {
	const cells = 20
	text, room := fmt.Sprintf("%-12s", p.label), 0
	if p.columns != nil {
		room = p.columns()
	}
	add := func(part string) {
		if room <= 0 || len([]rune(text))+2+len([]rune(part)) < room { // a full line would wrap
			text += "  " + part
		}
	}
	if p.total > 0 {
		share := min(float64(p.done)/float64(p.total), 1)
		full := int(share * cells)
		text += fmt.Sprintf(" [%s%s] %3.0f%%", strings.Repeat("#", full), strings.Repeat("-", cells-full), 100*share)
		add(formatSize(uint64(p.done)) + " of " + formatSize(uint64(p.total)))
	} else if p.done > 0 {
		text += " " + formatSize(uint64(p.done))
	}
	if p.note != "" {
		add(p.note)
	}
	took := now.Sub(p.begun).Seconds()
	if took < 0.5 || p.done <= 0 {
		return text
	}
	rate := float64(p.done) / took
	add(formatSize(uint64(rate)) + "/s")
	if left := float64(p.total-p.done) / rate; p.total > p.done && left < 1e6 {
		add(formatDuration(time.Duration(left*float64(time.Second)).Round(time.Second)) + " left")
	}
	return text
}
