package chain

import (
	"slices"
	"testing"

	dbm "github.com/cosmos/cosmos-db"
)

// A codec without an application knows every message that the application knows.
func TestCodecKnowsAllMessages(t *testing.T) {
	t.Parallel()
	app, err := NewApp(dbm.NewMemDB(), AppOptions{ChainID: "codec-test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = app.Close() })
	alone, err := NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	const messages = "cosmos.base.v1beta1.Msg"
	want, got := app.registry.ListImplementations(messages), alone.InterfaceRegistry().ListImplementations(messages)
	slices.Sort(want)
	slices.Sort(got)
	if len(want) < 50 || !slices.Equal(got, want) {
		t.Errorf("%d messages, the application has %d:\n%v\n%v", len(got), len(want), got, want)
	}
}
