package main

import (
	"context"
	"fmt"
	"testing"

	"github.com/walrus-go/walrus/client"
)

// TestInterrupted: who stops a store hears that it can be taken up; who stops anything else needs no hint.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	h := classify(&interrupted{fmt.Errorf("blob: %w: %w", client.ErrNotCertified, context.Canceled)})
	if h.code != "INTERRUPTED" || h.hint != "store the same blob again: what is paid for will be used" {
		t.Errorf("a store: %s, hint %q", h.code, h.hint)
	}
	if h := classify(&interrupted{context.Canceled}); h.code != "INTERRUPTED" || h.hint != "" {
		t.Errorf("anything else: %s, hint %q", h.code, h.hint)
	}
}
