package interop

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
)

// A driver is a running driver.mjs.
type driver struct {
	mu  sync.Mutex // guards the pipe: one request at a time
	in  io.WriteCloser
	out *bufio.Reader
}

// A remoteError is what one of the packages threw.
type remoteError struct {
	Name    string // the class
	Message string
	Status  int // of the node's answer, where there was one
}

func (e *remoteError) Error() string { return fmt.Sprintf("%s: %s", e.Name, e.Message) }

// start runs the packages until the test ends, with env added to the environment. It skips the test
// unless WALRUS_INTEROP is set.
func start(t *testing.T, env ...string) *driver {
	t.Helper()
	if os.Getenv("WALRUS_INTEROP") == "" {
		t.Skip("needs Node.js and the official packages: run make interop")
	}
	if _, err := os.Stat("node_modules"); err != nil {
		t.Fatalf("the packages are not installed, run make interop: %v", err)
	}
	cmd := exec.Command("node", "driver.mjs")
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close() // the driver ends with its input
		if err := cmd.Wait(); err != nil {
			t.Errorf("driver.mjs: %v", err)
		}
	})
	return &driver{in: in, out: bufio.NewReaderSize(out, 1<<20)}
}

// try sends a request and fills in its answer.
func (d *driver) try(op string, request map[string]any, answer any) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	request["op"] = op
	line, err := json.Marshal(request)
	if err != nil {
		return err
	}
	if _, err := d.in.Write(append(line, '\n')); err != nil {
		return err
	}
	line, err = d.out.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("driver.mjs ended: %w", err)
	}
	var reply struct {
		Result json.RawMessage
		Error  *remoteError
	}
	if err := json.Unmarshal(line, &reply); err != nil {
		return err
	}
	if reply.Error != nil {
		return reply.Error
	}
	return json.Unmarshal(reply.Result, answer)
}

// call is try for requests that must succeed.
func (d *driver) call(t *testing.T, op string, request map[string]any, answer any) {
	t.Helper()
	if err := d.try(op, request, answer); err != nil {
		t.Fatalf("%s: %v", op, err)
	}
}
