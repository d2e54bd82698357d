package wire

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/walrus-go/walrus/bls"
	"github.com/walrus-go/walrus/committee"
)

func networkKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := GenerateNetworkKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestServerName(t *testing.T) {
	if got, want := ServerName(committee.NetworkKey{0x03, 0x0a, 0x00, 0xff, 0x77}), "3a0ff.network.walrus.alt"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestNetworkKeyRoundTrip(t *testing.T) {
	for range 20 { // points with odd and even Y
		key := networkKey(t)
		compressed := NetworkKeyOf(&key.PublicKey)
		if want := elliptic.MarshalCompressed(elliptic.P256(), key.X, key.Y); !bytes.Equal(compressed[:], want) { //nolint:staticcheck // the independent form
			t.Fatalf("compressed %x, want %x", compressed, want)
		}
		back, err := ParseNetworkKey(compressed)
		if err != nil || !back.Equal(&key.PublicKey) {
			t.Fatalf("reads back as %v, %v", back, err)
		}
		text, err := FormatNetworkKey(key)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := ParseNetworkKeyFile([]byte(text + "\n")); err != nil || !again.Equal(key) {
			t.Fatalf("file %q: %v", text, err)
		}
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		file := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
		if again, err := ParseNetworkKeyFile(file); err != nil || !again.Equal(key) {
			t.Fatalf("PEM: %v", err)
		}
	}
}

func TestKeyFile(t *testing.T) {
	key, err := bls.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseKeyFile([]byte(FormatKey(key)))
	if err != nil || again.Public() != key.Public() {
		t.Fatalf("reads back with %v", err)
	}
	if _, err := ParseNetworkKeyFile([]byte(FormatKey(key))); !errors.Is(err, ErrKey) {
		t.Errorf("a BLS key passes for a network key: %v", err)
	}
}

func TestKeyFileRefuses(t *testing.T) {
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(p384)
	if err != nil {
		t.Fatal(err)
	}
	zero, full := make([]byte, 32), bytes.Repeat([]byte{0xff}, 32)
	for _, bad := range []string{
		"", "AA==", "not base64", formatSecret(flagNetworkKey, zero), formatSecret(flagNetworkKey, full),
		formatSecret(flagBLSKey, zero), formatSecret(flagBLSKey, full), formatSecret(9, full), formatSecret(flagBLSKey, full[:31]),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der[1:]})),
		string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})),
	} {
		if _, err := ParseNetworkKeyFile([]byte(bad)); !errors.Is(err, ErrKey) {
			t.Errorf("network key %q: %v", bad, err)
		}
		if _, err := ParseKeyFile([]byte(bad)); !errors.Is(err, ErrKey) {
			t.Errorf("BLS key %q: %v", bad, err)
		}
	}
}

func TestCertificate(t *testing.T) {
	key := networkKey(t)
	name := ServerName(NetworkKeyOf(&key.PublicKey))
	cert, err := NewCertificate(key, "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	leaf := cert.Leaf
	attribute := append([]byte{0x0c, byte(len(name))}, name...) // UTF8String
	if !bytes.Contains(leaf.RawSubject, attribute) || !bytes.Equal(leaf.RawSubject, leaf.RawIssuer) {
		t.Errorf("subject %x, issuer %x: want both with %x", leaf.RawSubject, leaf.RawIssuer, attribute)
	}
	if leaf.NotBefore.Year() != 1975 || leaf.NotAfter.Year() != 4096 {
		t.Errorf("valid from %v until %v", leaf.NotBefore, leaf.NotAfter)
	}
	if leaf.BasicConstraintsValid || leaf.KeyUsage != 0 || len(leaf.Extensions) != 1 {
		t.Errorf("extensions other than the names: %v", leaf.Extensions)
	}
	if err := leaf.VerifyHostname("127.0.0.1"); err != nil {
		t.Error(err)
	}
	if err := leaf.VerifyHostname(name); err != nil {
		t.Error(err)
	}
	if leaf.SignatureAlgorithm != x509.ECDSAWithSHA256 {
		t.Errorf("signed with %v", leaf.SignatureAlgorithm)
	}
}

// serve answers every request on a free loopback port with the protocol it came in.
func serve(t *testing.T, key *ecdsa.PrivateKey) string {
	t.Helper()
	cert, err := NewCertificate(key, "")
	if err != nil {
		t.Fatal(err)
	}
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, r.Proto)
		}),
		Protocols:         Protocols(),
		ReadHeaderTimeout: 10 * time.Second,
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(NewListener(inner, ServerTLS(cert))) // ends with Close below
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return inner.Addr().String()
}

func TestProtocols(t *testing.T) {
	t.Parallel()
	key := networkKey(t)
	addr := serve(t, key)
	for _, tc := range []struct {
		name  string
		http1 bool
		http2 bool
		want  string
	}{
		{"HTTP/1.1 alone", true, false, "HTTP/1.1"},
		{"HTTP/2 by ALPN", false, true, "HTTP/2.0"},
		{"both offered", true, true, "HTTP/2.0"},
	} {
		config, err := ClientTLS(NetworkKeyOf(&key.PublicKey))
		if err != nil {
			t.Fatal(err)
		}
		protocols := new(http.Protocols)
		protocols.SetHTTP1(tc.http1)
		protocols.SetHTTP2(tc.http2)
		transport := &http.Transport{TLSClientConfig: config, Protocols: protocols}
		resp, err := (&http.Client{Transport: transport}).Get("https://" + addr)
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil || string(body) != tc.want {
			t.Errorf("%s: server saw %s, want %s (%v)", tc.name, body, tc.want, err)
		}
		_ = resp.Body.Close()
		transport.CloseIdleConnections()
	}
}

// TestPriorKnowledgeInsideTLS is a client that offers no ALPN and starts with the HTTP/2 preface.
func TestPriorKnowledgeInsideTLS(t *testing.T) {
	t.Parallel()
	key := networkKey(t)
	config, err := ClientTLS(NetworkKeyOf(&key.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	config.NextProtos = nil
	conn, err := tls.Dial("tcp", serve(t, key), config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	emptySettings := []byte{0, 0, 0, 4, 0, 0, 0, 0, 0}
	if _, err := conn.Write(append([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), emptySettings...)); err != nil {
		t.Fatal(err)
	}
	header := make([]byte, 9)
	if _, err := io.ReadFull(bufio.NewReader(conn), header); err != nil {
		t.Fatal(err)
	}
	if frameType := header[3]; frameType != 4 {
		t.Errorf("server begins with %q, want a SETTINGS frame", header)
	}
	if p := conn.ConnectionState().NegotiatedProtocol; p != "" {
		t.Errorf("ALPN chose %q", p)
	}
}

func TestWrongIdentity(t *testing.T) {
	t.Parallel()
	key, other := networkKey(t), networkKey(t)
	config, err := ClientTLS(NetworkKeyOf(&other.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := tls.Dial("tcp", serve(t, key), config)
	if err == nil {
		_ = conn.Close()
	}
	if !errors.Is(err, ErrIdentity) {
		t.Errorf("a server with another key: %v", err)
	}
	if _, err := ClientTLS(committee.NetworkKey{}); !errors.Is(err, ErrKey) {
		t.Errorf("no key: %v", err)
	}
}
