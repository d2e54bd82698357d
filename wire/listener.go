package wire

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// firstBytes is how long a connection may take for its TLS handshake and the first bytes of its first
// request. The HTTP server sets no deadline of its own before it knows the protocol.
const firstBytes = 10 * time.Second

// NewListener returns a listener whose connections speak TLS while looking plain to an [http.Server].
//
// Many clients of the API offer no ALPN and start HTTP/2 at once inside TLS. A server that knows of
// the TLS decides by ALPN and answers them in HTTP/1.1; one that does not looks at the first bytes,
// which is right for every client. For that its Protocols must be those of [Protocols], and it needs
// a ReadHeaderTimeout. Handlers then
// see no TLS state and must not need it. Source: spec storage-node.md section 1.1.
//
// Closing the result closes inner. The handshake happens on a connection's first read, not in Accept.
func NewListener(inner net.Listener, config *tls.Config) net.Listener {
	return &listener{inner, config}
}

// Protocols is what the server of a [NewListener] must speak.
func Protocols() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	p.SetUnencryptedHTTP2(true)
	return p
}

type listener struct {
	net.Listener
	config *tls.Config
}

// Accept implements [net.Listener].
func (l *listener) Accept() (net.Conn, error) {
	inner, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	// Until the server replaces it: for HTTP/1 when it reads the request's header, for which it needs a
	// ReadHeaderTimeout, and for HTTP/2 after the preface. A connection that is dead already says so
	// when it is read.
	_ = inner.SetReadDeadline(time.Now().Add(firstBytes))
	return plainLooking{tls.Server(inner, l.config)}, nil
}

// plainLooking has the methods of [net.Conn] and, unlike *tls.Conn, none that give the TLS away.
type plainLooking struct{ net.Conn }
