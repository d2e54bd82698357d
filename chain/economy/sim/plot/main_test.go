package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The figures in the documentation are those that the code draws.
func TestFiguresAreCurrent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := run(dir); err != nil {
		t.Fatal(err)
	}
	drawn, err := filepath.Glob(filepath.Join(dir, "*.svg"))
	if err != nil || len(drawn) == 0 {
		t.Fatal("nothing was drawn", err)
	}
	for _, path := range drawn {
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(path)
		got, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "docs", "economics", name))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("docs/economics/%s is not what the code draws: run go generate ./chain/economy/sim/plot", name)
		}
	}
}
