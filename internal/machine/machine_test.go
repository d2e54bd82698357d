package machine

import (
	"os"
	"strings"
	"testing"
)

func TestProcessor(t *testing.T) {
	t.Parallel()
	got := Processor()
	if got == "" {
		t.Error("the processor has no name")
	}
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil && strings.Contains(string(info), "model name") && !strings.Contains(string(info), ": "+got+"\n") {
		t.Errorf("%q is not in /proc/cpuinfo", got)
	}
}
