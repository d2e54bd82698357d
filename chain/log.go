package chain

import (
	"log/slog"

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

type consensusLogger struct{ *slog.Logger }

func newConsensusLogger(l *slog.Logger) cmtlog.Logger {
	return consensusLogger{l.With("part", "consensus")}
}

func (l consensusLogger) Info(msg string, args ...any) { l.Debug(msg, args...) }

func (l consensusLogger) With(args ...any) cmtlog.Logger {
	return consensusLogger{l.Logger.With(args...)}
}
