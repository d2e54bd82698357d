package blake2x

import (
	"encoding/hex"
	"testing"
)

func TestKnownAnswers(t *testing.T) {
	// BLAKE2b-256 as printed by b2sum -l 256.
	for _, c := range []struct{ name, msg, want string }{
		{"the empty message", "", "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"},
		{"abc", "abc", "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"},
	} {
		dst := make([]byte, Size)
		Sum(dst, []byte(c.msg), len(c.msg), List(1, 0))
		if got := hex.EncodeToString(dst); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}
