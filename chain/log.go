package chain

import (
	"log/slog"
	"sync/atomic"

	"cosmossdk.io/log/v2"
	cmtlog "github.com/cometbft/cometbft/libs/log"
)

// The engine and the application report every step at level Info. For an operator that is detail, so both
// loggers pass Info on as Debug; warnings and errors keep their level.

type appLogger struct{ *slog.Logger }

func newAppLogger(l *slog.Logger) log.Logger { return appLogger{l.With("part", "app")} }

func (l appLogger) Info(msg string, args ...any) { l.Debug(msg, args...) }

func (l appLogger) With(args ...any) log.Logger { return appLogger{l.Logger.With(args...)} }

func (l appLogger) Impl() any { return l.Logger }

type consensusLogger struct {
	*slog.Logger
	// stopping is set once the node is being stopped: the engine's parts then report as errors that the
	// others are gone.
	stopping *atomic.Bool
}

func newConsensusLogger(l *slog.Logger, stopping *atomic.Bool) cmtlog.Logger {
	return consensusLogger{l.With("part", "consensus"), stopping}
}

func (l consensusLogger) Info(msg string, args ...any) { l.Debug(msg, args...) }

// slowPeer is what the engine reports of a peer that owed it a block, also once it has all blocks and waits
// for none. It asks another peer by itself.
const slowPeer = "SendTimeout"

func (l consensusLogger) Error(msg string, args ...any) {
	if l.stopping.Load() || msg == slowPeer {
		l.Debug(msg, args...)
		return
	}
	l.Logger.Error(msg, args...)
}

func (l consensusLogger) With(args ...any) cmtlog.Logger {
	return consensusLogger{l.Logger.With(args...), l.stopping}
}
