package node

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestSilenceIsToldRarely(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told bytes.Buffer
		s := silence{log: slog.New(slog.NewTextHandler(&told, nil))}
		want := func(lines int, last string) {
			t.Helper()
			if text := told.String(); strings.Count(text, "\n") != lines || !strings.Contains(text, last) {
				t.Errorf("want %d lines, the last with %q:\n%s", lines, last, text)
			}
		}
		s.end()
		want(0, "")
		for range 100 {
			s.note(errors.New("refused"))
		}
		want(1, "waiting for the chain")
		for range 25 {
			time.Sleep(time.Minute)
			s.note(errors.New("refused"))
		}
		want(3, "still waiting for the chain\" for=20m0s")
		s.end()
		s.end()
		want(4, "answers again\" after=25m0s")
		s.note(errors.New("refused"))
		want(5, "waiting for the chain")
	})
}
