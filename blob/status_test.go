package blob

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/walrus-go/walrus/committee"
)

func TestStatusJSON(t *testing.T) {
	epoch := committee.Epoch(12)
	ref := EventRef{Tx: [32]byte{31: 1}, Seq: 7}
	const refJSON = `{"txDigest":"11111111111111111111111111111112","eventSeq":"7"}`
	for _, tc := range []struct {
		status Status
		want   string
	}{
		{Status{}, `"nonexistent"`},
		{Status{Kind: Invalid, Event: ref}, `{"invalid":{"event":` + refJSON + `}}`},
		{Status{Kind: Permanent, End: 30, Certified: true, Event: ref, InitialCertified: &epoch},
			`{"permanent":{"endEpoch":30,"isCertified":true,"statusEvent":` + refJSON +
				`,"deletableCounts":{"count_deletable_total":0,"count_deletable_certified":0},"initialCertifiedEpoch":12}}`},
		{Status{Kind: Deletable, Counts: DeletableCounts{Total: 1}},
			`{"deletable":{"initialCertifiedEpoch":null,"deletableCounts":{"count_deletable_total":1,"count_deletable_certified":0}}}`},
	} {
		got, err := json.Marshal(tc.status)
		if err != nil || string(got) != tc.want {
			t.Errorf("%+v:\n got %s (%v)\nwant %s", tc.status, got, err, tc.want)
		}
		var back Status
		if err := json.Unmarshal(got, &back); err != nil || !reflect.DeepEqual(back, tc.status) {
			t.Errorf("%s reads back as %+v (%v)", got, back, err)
		}
	}
}

func TestStatusRefuses(t *testing.T) {
	for _, bad := range []string{
		``, `null`, `{}`, `"certified"`, `[]`, `7`,
		`{"invalid":{"event":{"txDigest":"0","eventSeq":"0"}}}`,
		`{"invalid":{"event":{"txDigest":"11111111111111111111111111111112","eventSeq":"-1"}}}`,
		`{"deletable":{},"invalid":{"event":{"txDigest":"11111111111111111111111111111112","eventSeq":"0"}}}`,
	} {
		var s Status
		if err := json.Unmarshal([]byte(bad), &s); err == nil {
			t.Errorf("%s reads as %+v", bad, s)
		}
	}
}

func FuzzStatus(f *testing.F) {
	f.Add([]byte(`{"permanent":{"endEpoch":30,"isCertified":true,"statusEvent":{"txDigest":"11111111111111111111111111111112","eventSeq":"0"}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var s, again Status
		if json.Unmarshal(b, &s) != nil {
			return
		}
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &again); err != nil || !reflect.DeepEqual(s, again) {
			t.Fatalf("%s: %+v is not %+v (%v)", text, again, s, err)
		}
	})
}

func TestObjectID(t *testing.T) {
	id, err := ParseObjectID("0xabc")
	if err != nil || id != (ObjectID{30: 0x0a, 31: 0xbc}) {
		t.Fatalf("short form: %v, %v", id, err)
	}
	if back, err := ParseObjectID(id.String()); err != nil || back != id {
		t.Fatalf("long form: %v, %v", back, err)
	}
	for _, bad := range []string{"", "0x", "12", "0xg1", id.String() + "00"} {
		if got, err := ParseObjectID(bad); err == nil {
			t.Errorf("%q reads as %v", bad, got)
		}
	}
}
