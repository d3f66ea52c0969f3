// Package sshenum asks an SSH server which algorithms it offers, which keys it
// proves itself with, and in which ways people can sign in.
//
// It never tries a password. Which ways there are, a server says to whoever asks
// for the way "none" (RFC 4252, section 5.2); the connection is closed with its
// answer.
package sshenum

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"net"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/asepsis/asepsis/internal/collect/service/wire"
)

// Bounds of one connection, and of how many keys are looked at. A server with
// OpenSSH's defaults has three kinds; more connections than a few that do not
// sign in make it refuse us for a while.
const (
	EachTime  = 4 * time.Second
	EachBytes = 256 << 10
	maxKeys   = 4
)

// user is the name that is asked for. No account has it, and no server needs it.
const user = "asepsis-scan"

// HostKey is a key that the server proves itself with.
type HostKey struct {
	Type        string `json:"type"`           // ssh-ed25519, ssh-rsa, …
	Bits        int    `json:"bits,omitempty"` // 0 where that is not known: of DSA, whose keys here are of 1,024
	Fingerprint string `json:"fingerprint"`    // SHA256:…, as people compare it
}

// Report is what a server said.
type Report struct {
	Offer
	Keys []HostKey `json:"keys,omitempty"`
	// Methods are the ways to sign in that it names: publickey, password,
	// keyboard-interactive; nil where it named none, and NoMethods is why.
	Methods   []string `json:"methods,omitempty"`
	NoMethods string   `json:"no_methods,omitempty"`
	// Open says that it let us in without asking for anything.
	Open        bool `json:"open,omitempty"`
	Connections int  `json:"connections"`
}

// Passwords reports whether it takes passwords, typed at its own question or
// sent at once. Known is false where it did not say.
func (r *Report) Passwords() (takes, known bool) {
	if r.Open {
		return true, true
	}
	if r.Methods == nil {
		return false, false
	}
	return slices.Contains(r.Methods, "password") || slices.Contains(r.Methods, "keyboard-interactive"), true
}

// Product returns the software that the server names.
func (r *Report) Product() string {
	if parts := strings.SplitN(r.Banner, "-", 3); len(parts) == 3 {
		return parts[2]
	}
	return ""
}

// Enumerate asks a server. An error means that it offered no algorithms at all;
// [wire.Why] says why. It returns soon after ctx ends.
func Enumerate(ctx context.Context, dial wire.Dial) (*Report, error) {
	r := &Report{}
	if err := r.offer(ctx, dial); err != nil {
		return nil, err
	}
	if strings.HasPrefix(r.Banner, "SSH-1.") && !strings.HasPrefix(r.Banner, "SSH-1.99-") {
		r.NoMethods = "it speaks SSH 1 only, which says nothing of itself before a user is named"
		return r, nil
	}
	r.methods(ctx, dial)
	r.keys(ctx, dial)
	return r, nil
}

func (r *Report) offer(ctx context.Context, dial wire.Dial) error {
	c, err := r.open(ctx, dial)
	if err != nil {
		return err
	}
	defer c.Close()
	banner, err := readBanner(c)
	if err != nil {
		return err
	}
	r.Banner = banner
	if err := c.Say(ourBanner); err != nil {
		return err
	}
	if r.Protocol1() && !strings.HasPrefix(banner, "SSH-1.99-") {
		return nil
	}
	o, err := readOffer(c)
	if err != nil {
		return err
	}
	o.Banner = banner
	r.Offer = o
	return nil
}

func (r *Report) open(ctx context.Context, dial wire.Dial) (*wire.Conn, error) {
	r.Connections++
	return wire.Open(ctx, dial, wire.Limits{Time: EachTime, Bytes: EachBytes})
}

// errEnough ends a handshake whose answer is known.
var errEnough = errors.New("that was all we wanted to know")

// shake agrees on keys with the server and shows the one it proved itself with.
// With ask it then asks for the ways to sign in.
func (r *Report) shake(ctx context.Context, dial wire.Dial, hostKeys []string, ask bool) (ssh.PublicKey, error) {
	c, err := r.open(ctx, dial)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	var key ssh.PublicKey
	named := false
	everything := ssh.SupportedAlgorithms()
	broken := ssh.InsecureAlgorithms()
	conf := &ssh.ClientConfig{
		Config: ssh.Config{
			KeyExchanges: slices.Concat(everything.KeyExchanges, broken.KeyExchanges),
			Ciphers:      slices.Concat(everything.Ciphers, broken.Ciphers),
			MACs:         slices.Concat(everything.MACs, broken.MACs),
		},
		User: user, ClientVersion: strings.TrimSpace(ourBanner), HostKeyAlgorithms: hostKeys,
		HostKeyCallback: func(_ string, _ net.Addr, k ssh.PublicKey) error {
			key = k
			if !ask {
				return errEnough
			}
			return nil
		},
		// Called with what the server answered to "none", before anything else is
		// tried; the error ends it there.
		AuthCallback: func(a *ssh.ClientAuthContext) (ssh.AuthMethod, error) {
			named = true
			r.Methods = clean(a.AllowedMethods)
			return nil, errEnough
		},
	}
	conn, chans, reqs, err := ssh.NewClientConn(c, "", conf)
	if err == nil {
		r.Open = true
		go ssh.DiscardRequests(reqs)
		go func() {
			for ch := range chans {
				_ = ch.Reject(ssh.Prohibited, "")
			}
		}()
		_ = conn.Close()
		return key, nil
	}
	if named || key != nil && !ask {
		return key, nil
	}
	return key, err
}

// clean keeps the names of ways to sign in that are names.
func clean(ms []string) []string {
	out := []string{}
	for _, m := range ms {
		if m = wire.Printable(m, 40); m != "" && len(out) < 20 && !slices.Contains(out, m) {
			out = append(out, m)
		}
	}
	return out
}

// methods asks for the ways to sign in, and shows one key on the way.
func (r *Report) methods(ctx context.Context, dial wire.Dial) {
	key, err := r.shake(ctx, dial, hostKeyAlgorithms(), true)
	r.add(key)
	if err != nil && !r.Open && r.Methods == nil {
		r.NoMethods = why(err)
	}
}

// keys looks at the keys of the kinds that were not shown yet.
func (r *Report) keys(ctx context.Context, dial wire.Dial) {
	for _, alg := range r.HostKeys {
		kind := keyKind(alg)
		if kind == "" || len(r.Keys) >= maxKeys || slices.ContainsFunc(r.Keys, func(k HostKey) bool { return k.Type == kind }) ||
			!slices.Contains(hostKeyAlgorithms(), alg) {
			continue
		}
		key, err := r.shake(ctx, dial, []string{alg}, false)
		if err != nil && ctx.Err() != nil {
			return
		}
		r.add(key)
	}
}

func (r *Report) add(k ssh.PublicKey) {
	if k == nil {
		return
	}
	h := HostKey{Type: k.Type(), Bits: keyBits(k), Fingerprint: ssh.FingerprintSHA256(k)}
	if !slices.Contains(r.Keys, h) {
		r.Keys = append(r.Keys, h)
	}
}

func hostKeyAlgorithms() []string {
	return slices.Concat(ssh.SupportedAlgorithms().HostKeys, ssh.InsecureAlgorithms().HostKeys)
}

// keyKind returns the kind of key that an algorithm signs with: RSA keys sign with three.
func keyKind(alg string) string {
	switch alg {
	case "rsa-sha2-256", "rsa-sha2-512", "ssh-rsa":
		return "ssh-rsa"
	}
	if strings.Contains(alg, "-cert-") {
		return "" // of the same key
	}
	return alg
}

func keyBits(k ssh.PublicKey) int {
	c, ok := k.(ssh.CryptoPublicKey)
	if !ok {
		return 0
	}
	switch p := c.CryptoPublicKey().(type) {
	case *rsa.PublicKey:
		return p.N.BitLen()
	case *ecdsa.PublicKey:
		return p.Curve.Params().BitSize
	case ed25519.PublicKey:
		return 256
	}
	return 0
}

func why(err error) string {
	if w := wire.Why(err); !strings.HasPrefix(w, "ssh:") {
		return w
	}
	return "no keys could be agreed on: " + strings.TrimPrefix(wire.Printable(err.Error(), 160), "ssh: handshake failed: ")
}
