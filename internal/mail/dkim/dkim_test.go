package dkim_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/mail/dkim"
	"github.com/asepsis/asepsis/internal/mail/mailtest"
)

// rsaText returns a public key of so many bits, in both forms. It signs nothing, so
// any odd number does as its modulus.
func rsaText(t testing.TB, bits int) (spki, bare string) {
	n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
	pub := &rsa.PublicKey{N: n.Add(n, big.NewInt(1)), E: 65537}
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der), base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PublicKey(pub))
}

func TestParse(t *testing.T) {
	good, bare := rsaText(t, 2048)
	short, _ := rsaText(t, 1024)
	weak, _ := rsaText(t, 768)
	ed, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	edText := base64.StdEncoding.EncodeToString(ed)
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ecDER, err := x509.MarshalPKIXPublicKey(&ec.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, text string
		want       dkim.Key
		usable     bool
	}{
		{"usual", "v=DKIM1; k=rsa; p=" + good, dkim.Key{Type: "rsa", Bits: 2048}, true},
		{"bare", "p=" + bare, dkim.Key{Type: "rsa", Bits: 2048}, true},
		{"folded", "v=DKIM1; p=" + good[:100] + " \t" + good[100:] + ";", dkim.Key{Type: "rsa", Bits: 2048}, true},
		{"short", "v=DKIM1; p=" + short, dkim.Key{Type: "rsa", Bits: 1024}, true},
		{"weak", "v=DKIM1; p=" + weak, dkim.Key{Type: "rsa", Bits: 768}, false},
		{"ed25519", "v=DKIM1; k=ed25519; p=" + edText, dkim.Key{Type: "ed25519", Bits: 256}, true},
		{"revoked", "v=DKIM1; p=", dkim.Key{Type: "rsa", Revoked: true}, false},
		{"testing", "v=DKIM1; t=y:s; p=" + good, dkim.Key{Type: "rsa", Bits: 2048, Testing: true}, true},
		{"sha1", "v=DKIM1; h=sha1; p=" + good, dkim.Key{Type: "rsa", Bits: 2048, SHA1: true}, false},
		{"both hashes", "v=DKIM1; h=sha1:sha256; p=" + good, dkim.Key{Type: "rsa", Bits: 2048}, true},
		{"other service", "v=DKIM1; s=tlsrpt; p=" + good, dkim.Key{Type: "rsa", Bits: 2048, NotMail: true}, false},
		{"mail", "v=DKIM1; s=email; p=" + good, dkim.Key{Type: "rsa", Bits: 2048}, true},
		{"cut off", "v=DKIM1; p=" + good[:150], dkim.Key{Type: "rsa", Fault: "the key is not base64; it may have been cut off"}, false},
		{"cut off at a group", "v=DKIM1; p=" + good[:152], dkim.Key{Type: "rsa", Fault: "the key is no RSA key; it may have been cut off"}, false},
		{"of another kind", "v=DKIM1; p=" + base64.StdEncoding.EncodeToString(ecDER), dkim.Key{Type: "rsa", Fault: "the key is no RSA key; it may have been cut off"}, false},
		{"ed25519 cut off", "v=DKIM1; k=ed25519; p=" + edText[:20], dkim.Key{Type: "ed25519", Fault: "the key is no Ed25519 key; it may have been cut off"}, false},
		{"unknown type", "v=DKIM1; k=dsa; p=" + good, dkim.Key{Type: "dsa", Fault: `receivers know no key of the type "dsa"`}, false},
		{"old version", "v=DKIM2; p=" + good, dkim.Key{Type: "rsa", Fault: "v is not DKIM1, or does not stand first"}, false},
		{"version late", "k=rsa; v=DKIM1; p=" + good, dkim.Key{Type: "rsa", Fault: "v is not DKIM1, or does not stand first"}, false},
		{"no key", "v=DKIM1; k=rsa", dkim.Key{Type: "rsa", Fault: "the record has no key (p=)"}, false},
		{"twice", "v=DKIM1; p=" + good + "; p=", dkim.Key{Type: "rsa", Fault: "the tag p stands twice"}, false},
		{"no tag", "v=DKIM1; stray; p=" + good, dkim.Key{Type: "rsa", Fault: `"stray" is no tag with a value`}, false},
		{"endless", "p=" + strings.Repeat("A", 1<<15), dkim.Key{Type: "rsa", Fault: "the record is longer than 16384 bytes"}, false},
	} {
		tt.want.Selector = "s1"
		got := dkim.Parse("s1", tt.text)
		if d := cmp.Diff(tt.want, got); d != "" || got.Usable() != tt.usable {
			t.Errorf("%s: usable %t (-want +got):\n%s", tt.name, got.Usable(), d)
		}
	}
	for bits, want := range map[int][2]bool{768: {true, false}, 1024: {false, true}, 2048: {false, false}} {
		k := dkim.Key{Type: "rsa", Bits: bits}
		if got := [2]bool{k.Weak(), k.Short()}; got != want {
			t.Errorf("%d bits: weak, short = %v", bits, got)
		}
	}
}

func TestRead(t *testing.T) {
	good, _ := rsaText(t, 2048)
	z := &mailtest.Zone{
		Text: map[string][]string{
			"selector1.service.example":                            {"v=DKIM1; p=" + good},
			"old._domainkey.example.org":                           {"v=DKIM1; p="},
			"two._domainkey.example.org":                           {"p=" + good, "p="},
			"other._domainkey.example.org":                         {"v=spf1 -all"},
			"s1._domainkey.wild.example":                           {"p=" + good},
			"example.net":                                          {"v=spf1 -all"},
			"asepsis-looks-for-a-wildcard._domainkey.wild.example": {"p=" + good},
		},
		Alias: map[string]string{"selector1._domainkey.example.org": "selector1.service.example", "loop._domainkey.example.org": "loop._domainkey.example.org"},
		Dead:  map[string]bool{"dead._domainkey.example.org": true},
	}
	r := dkim.Read(context.Background(), z, "example.org", []string{"Selector1", "selector1._domainkey.example.org", "old", "two", "other", "nowhere", "dead", "loop", "bad selector", ""})
	want := []dkim.Key{
		{Selector: "selector1", Type: "rsa", Bits: 2048},
		{Selector: "old", Type: "rsa", Revoked: true},
		{Selector: "two", Type: "rsa", Fault: "there is more than one record under the selector"},
	}
	if d := cmp.Diff(want, r.Keys); d != "" {
		t.Errorf("keys (-want +got):\n%s", d)
	}
	if !slices.Equal(r.Asked, []string{"selector1", "old", "two", "other", "nowhere", "dead", "loop"}) || len(r.Unread) != 2 || r.Wildcard || r.NoneBelow {
		t.Errorf("got %+v", r)
	}
	if u := r.Usable(); len(u) != 1 || u[0].Selector != "selector1" {
		t.Errorf("usable: %v", u)
	}
	if r := dkim.Read(context.Background(), z, "wild.example", dkim.Common()); !r.Wildcard || len(r.Keys) != 1 {
		t.Errorf("a wildcard: got %+v", r)
	}
	if r := dkim.Read(context.Background(), z, "example.net", dkim.Common()); !r.NoneBelow || len(r.Keys) != 0 || len(r.Asked) != len(dkim.Common()) {
		t.Errorf("no name below: got %+v", r)
	}
	z.Dead["_domainkey.out.example"] = true
	for _, sel := range append(dkim.Common(), "asepsis-looks-for-a-wildcard") {
		z.Dead[sel+"._domainkey.out.example"] = true
	}
	if r := dkim.Read(context.Background(), z, "out.example", dkim.Common()); len(r.Asked) != 2 || len(r.Unread) != 3 {
		t.Errorf("where nobody answers it asks on: %+v", r)
	}
	many := make([]string, 1000)
	for i := range many {
		many[i] = "s" + strings.Repeat("x", i%60) + string(rune('a'+i%26))
	}
	if r := dkim.Read(context.Background(), z, "example.net", many); len(r.Asked) > 200 {
		t.Errorf("asked for %d selectors", len(r.Asked))
	}
}

// FuzzParse gives any bytes as a key record.
func FuzzParse(f *testing.F) {
	good, bare := rsaText(f, 1024)
	for _, s := range []string{"v=DKIM1; k=rsa; t=y:s; h=sha256; s=email; p=" + good, "p=" + bare, "v=DKIM1;k=ed25519;p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "p=;p=", ";=;"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		k := dkim.Parse("s", s)
		if k.Usable() && (k.Bits == 0 || !dkim.Is(s)) {
			t.Errorf("%q is usable and has no key: %+v", s, k)
		}
	})
}
