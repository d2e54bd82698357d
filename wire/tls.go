package wire

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/walrus-go/walrus/committee"
)

// ErrIdentity means that a server does not have the network key it should have.
var ErrIdentity = errors.New("wire: server has another network key")

// ServerName is the name by which a node's own certificate calls it. Bytes of the key below 16 give
// one digit; that is part of the protocol. Source: spec storage-node.md section 2.2.
func ServerName(key committee.NetworkKey) string {
	var b strings.Builder
	for _, x := range key[:4] {
		b.WriteString(strconv.FormatUint(uint64(x), 16))
	}
	return b.String() + ".network.walrus.alt"
}

// The validity of a node's own certificate. What counts is its key, and that has no end.
var (
	notBefore = time.Date(1975, 1, 1, 0, 0, 0, 0, time.UTC)
	notAfter  = time.Date(4096, 1, 1, 0, 0, 0, 0, time.UTC)
)

// NewCertificate makes the self-signed certificate of a node that is reached at publicHost, a DNS name
// or an IP address; it may be empty. Source: spec storage-node.md section 2.2.
func NewCertificate(key *ecdsa.PrivateKey, publicHost string) (tls.Certificate, error) {
	name := ServerName(NetworkKeyOf(&key.PublicKey))
	subject, err := utf8CommonName(name)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("wire: certificate: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 126))
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("wire: certificate: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: serial.Add(serial, big.NewInt(1)),
		// A pkix.Name would become a PrintableString; clients compare the bytes of a UTF8String.
		RawSubject:         subject,
		NotBefore:          notBefore,
		NotAfter:           notAfter,
		SignatureAlgorithm: x509.ECDSAWithSHA256,
		DNSNames:           []string{name},
	}
	if ip := net.ParseIP(strings.Trim(publicHost, "[]")); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else if publicHost != "" && publicHost != name {
		template.DNSNames = append(template.DNSNames, publicHost)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("wire: certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("wire: certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}

// utf8CommonName is the DER of a name with one part, CN.
func utf8CommonName(name string) ([]byte, error) {
	cn := pkix.AttributeTypeAndValue{
		Type:  asn1.ObjectIdentifier{2, 5, 4, 3},
		Value: asn1.RawValue{Tag: asn1.TagUTF8String, Bytes: []byte(name)},
	}
	return asn1.Marshal(pkix.RDNSequence{pkix.RelativeDistinguishedNameSET{cn}})
}

// ServerTLS is the configuration of a node that shows the given certificate. It offers HTTP/2 and
// HTTP/1.1; clients need not choose, see [NewListener].
func ServerTLS(cert tls.Certificate) *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{cert},
		NextProtos:   []string{"h2", "http/1.1"},
		MinVersion:   tls.VersionTLS12,
	}
}

// ClientTLS is the configuration for reaching the node with the given network key.
//
// A server is accepted if it proves, in the handshake, that it holds the secret of that key; who
// signed the certificate around it, for which name and until when, adds nothing. So a node's own
// certificate does, and so does one from a public authority that was issued for the network key.
//
// Errors at once: [ErrKey]. Errors of connections: [ErrIdentity].
func ClientTLS(key committee.NetworkKey) (*tls.Config, error) {
	pinned, err := ParseNetworkKey(key)
	if err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		NextProtos:         []string{"h2", "http/1.1"},
		InsecureSkipVerify: true, // replaced by VerifyConnection, which resumed sessions pass too
		VerifyConnection: func(state tls.ConnectionState) error {
			return verifyLeaf(state.PeerCertificates, pinned, key)
		},
	}, nil
}

func verifyLeaf(chain []*x509.Certificate, pinned *ecdsa.PublicKey, want committee.NetworkKey) error {
	if len(chain) == 0 {
		return fmt.Errorf("%w: it shows no certificate", ErrIdentity)
	}
	got, ok := chain[0].PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return fmt.Errorf("%w: %v, want %x", ErrIdentity, chain[0].PublicKeyAlgorithm, want[:])
	}
	if !got.Equal(pinned) {
		have := NetworkKeyOf(got)
		if bytes.Equal(have[:], make([]byte, len(have))) {
			return fmt.Errorf("%w: one on %s, want %x", ErrIdentity, got.Curve.Params().Name, want[:])
		}
		return fmt.Errorf("%w: %x, want %x", ErrIdentity, have[:], want[:])
	}
	return nil
}
