package testnet

import (
	"context"
	"log/slog"
	"sync/atomic"
)

// hush drops what is logged once quiet is set: a consensus engine that is stopped reports its own closed
// connections as errors.
type hush struct {
	slog.Handler
	quiet *atomic.Bool
}

// Enabled implements [slog.Handler].
func (h *hush) Enabled(ctx context.Context, level slog.Level) bool {
	return !h.quiet.Load() && h.Handler.Enabled(ctx, level)
}

// WithAttrs implements [slog.Handler].
func (h *hush) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &hush{h.Handler.WithAttrs(attrs), h.quiet}
}

// WithGroup implements [slog.Handler].
func (h *hush) WithGroup(name string) slog.Handler {
	return &hush{h.Handler.WithGroup(name), h.quiet}
}
