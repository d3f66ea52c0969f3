package servertest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"
)

// Now is the time of the tests' certificates.
var Now = time.Now().UTC().Truncate(time.Second)

// Authority issues certificates.
type Authority struct {
	Cert *x509.Certificate
	Key  crypto.Signer
	Pool *x509.CertPool
}

// serial numbers certificates of one run of the tests.
var serial struct {
	sync.Mutex
	n int64
}

func nextSerial() *big.Int {
	serial.Lock()
	defer serial.Unlock()
	serial.n++
	return big.NewInt(serial.n)
}

// NewAuthority makes an authority that nobody else knows.
func NewAuthority(t testing.TB, name string) *Authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return authority(t, name, key, nil)
}

func authority(t testing.TB, name string, key crypto.Signer, by *Authority) *Authority {
	t.Helper()
	tmpl := &x509.Certificate{
		SerialNumber: nextSerial(), Subject: pkix.Name{CommonName: name}, NotBefore: Now.AddDate(-3, 0, 0), NotAfter: Now.AddDate(5, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	parent, signer := tmpl, key
	if by != nil {
		parent, signer = by.Cert, by.Key
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	a := &Authority{Cert: cert, Key: key, Pool: x509.NewCertPool()}
	a.Pool.AddCert(cert)
	return a
}

// Below makes an authority that this one vouches for.
func (a *Authority) Below(t testing.TB, name string) *Authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return authority(t, name, key, a)
}

// Wish says what a certificate is to be like. The zero value is a good one on
// P-256 for clinic.example.
type Wish struct {
	Names    []string
	NotAfter time.Time
	RSABits  int // 0 is a key on P-256
	Self     bool
}

// Issue makes a certificate.
func (a *Authority) Issue(t testing.TB, w Wish) (chain [][]byte, key crypto.Signer) {
	t.Helper()
	var err error
	if w.RSABits > 0 {
		key, err = rsa.GenerateKey(rand.Reader, w.RSABits)
	} else {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	if w.Names == nil {
		w.Names = []string{"clinic.example"}
	}
	if w.NotAfter.IsZero() {
		w.NotAfter = Now.AddDate(0, 6, 0)
	}
	tmpl := &x509.Certificate{
		SerialNumber: nextSerial(), Subject: pkix.Name{CommonName: w.Names[0]}, DNSNames: w.Names, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: Now.AddDate(-2, 0, 0), NotAfter: w.NotAfter, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	parent, signer := a.Cert, a.Key
	if w.Self {
		parent, signer = tmpl, key
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	return [][]byte{der}, key
}

// TLS makes what a server of the library needs.
func (a *Authority) TLS(t testing.TB, w Wish, more ...*Authority) tls.Certificate {
	t.Helper()
	chain, key := a.Issue(t, w)
	for _, m := range more {
		chain = append(chain, m.Cert.Raw)
	}
	return tls.Certificate{Certificate: chain, PrivateKey: key}
}

// Files writes a certificate, with what follows it in the chain, and its key.
func (a *Authority) Files(t testing.TB, dir string, w Wish, more ...*Authority) (cert, key string) {
	t.Helper()
	c := a.TLS(t, w, more...)
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	var text string
	for _, crt := range c.Certificate {
		text += string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: crt}))
	}
	key = Write(t, dir, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
	return Write(t, dir, "cert.pem", text), key
}
