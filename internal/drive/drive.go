// Package drive runs the walrus program as people do, in processes of its own, for what cannot be shown
// inside one process: the demonstration, the crash tests and the figures.
//
// Start with [StartDevnet] and [Walrus.Run]. Whoever starts a process here ends it, by [Process.Stop] or
// [Process.Kill]; only processes that were started here are ever signalled. If it ends first, however that may be, they
// stop by themselves.
package drive

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Walrus is the program, and what its commands find in their environment.
type Walrus struct {
	Path   string   // of the binary
	Config string   // client configuration; may be empty
	Env    []string // more of the environment
}

// An ExitError is a command that ended with another exit code than 0.
type ExitError struct {
	Args   []string
	Code   int
	Stderr string
}

// Error implements error.
func (e *ExitError) Error() string {
	return fmt.Sprintf("drive: walrus %s: exit code %d: %s", strings.Join(e.Args, " "), e.Code, strings.TrimSpace(e.Stderr))
}

func (w *Walrus) command(ctx context.Context, args []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, w.Path, args...)
	cmd.Env = append(os.Environ(), w.Env...)
	if w.Config != "" {
		cmd.Env = append(cmd.Env, "WALRUS_CONFIG="+w.Config)
	}
	return cmd
}

// Run runs one command to its end and returns its standard output. Errors: [*ExitError].
func (w *Walrus) Run(ctx context.Context, args ...string) ([]byte, error) {
	cmd := w.command(ctx, args)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return stdout.Bytes(), &ExitError{args, exit.ExitCode(), stderr.String()}
	}
	if err != nil {
		return nil, fmt.Errorf("drive: walrus %s: %w", strings.Join(args, " "), err)
	}
	return stdout.Bytes(), nil
}

// RunJSON runs one command with --json and reads what it prints into result.
func (w *Walrus) RunJSON(ctx context.Context, result any, args ...string) error {
	out, err := w.Run(ctx, append([]string{"--json"}, args...)...)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(out, result); err != nil {
		return fmt.Errorf("drive: walrus %s: %w", strings.Join(args, " "), err)
	}
	return nil
}

// Process is a walrus process that runs until it is ended.
type Process struct {
	cmd    *exec.Cmd
	stderr *tail
	done   chan struct{} // closed when the process has ended
	err    error         // how; read after done
}

// start starts a command with --stop-on-eof that prints one JSON value when it is ready, and reads it into ready.
func (w *Walrus) start(ctx context.Context, ready any, args ...string) (*Process, error) {
	cmd := w.command(context.WithoutCancel(ctx), append(append([]string{"--json"}, args...), "--stop-on-eof"))
	p := &Process{cmd: cmd, stderr: new(tail), done: make(chan struct{})}
	cmd.Stderr = p.stderr
	_, err := cmd.StdinPipe() // open as long as this process lives
	if err != nil {
		return nil, fmt.Errorf("drive: %w", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("drive: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("drive: %w", err)
	}
	first := make(chan error, 1)
	go func() {
		defer close(p.done)
		first <- json.NewDecoder(stdout).Decode(ready)
		_, _ = io.Copy(io.Discard, stdout) // until the process closes it
		p.err = cmd.Wait()
	}()
	select {
	case err := <-first:
		if err == nil {
			return p, nil
		}
		_ = p.Kill() // what it says on standard error is the better explanation
		return nil, fmt.Errorf("drive: walrus %s: not ready: %w: %s", strings.Join(args, " "), err, p.stderr)
	case <-ctx.Done():
		_ = p.Kill()
		return nil, fmt.Errorf("drive: walrus %s: not ready: %w: %s", strings.Join(args, " "), context.Cause(ctx), p.stderr)
	}
}

// PID is the process's number.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Stderr returns the end of what the process wrote to standard error.
func (p *Process) Stderr() string { return p.stderr.String() }

// Kill ends the process as a power failure would, and waits until it is gone.
func (p *Process) Kill() error {
	err := p.cmd.Process.Signal(syscall.SIGKILL)
	<-p.done
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("drive: %w", err)
	}
	return nil
}

// Stop asks the process to end, and fails if it does not do so cleanly within the time.
func (p *Process) Stop(within time.Duration) error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("drive: %w", err)
	}
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
		return errors.Join(fmt.Errorf("drive: process %d does not stop within %v: %s", p.PID(), within, p.stderr), p.Kill())
	}
	if p.err != nil {
		return fmt.Errorf("drive: process %d stopped with %w: %s", p.PID(), p.err, p.stderr)
	}
	return nil
}

// tail keeps the last bytes written to it. Safe for concurrent use.
type tail struct {
	mu sync.Mutex
	b  []byte
}

const tailBytes = 4 << 10

// Write implements io.Writer.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, b...)
	if len(t.b) > tailBytes {
		t.b = append([]byte(nil), t.b[len(t.b)-tailBytes:]...)
	}
	return len(b), nil
}

// String returns what is kept.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.b))
}
