package service_test

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/asepsis/asepsis/internal/collect/service"
	"github.com/asepsis/asepsis/internal/collect/service/clinical"
	"github.com/asepsis/asepsis/internal/collect/service/servertest"
	"github.com/asepsis/asepsis/internal/collect/service/sshenum"
	"github.com/asepsis/asepsis/internal/collect/service/starttls"
	"github.com/asepsis/asepsis/internal/collect/service/tlsenum"
	"github.com/asepsis/asepsis/internal/fact"
)

var now = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func result(addr, name string, o service.Outcome) service.Result {
	return service.Result{Target: service.Target{Addr: netip.MustParseAddrPort(addr), Transport: "tcp", Service: name}, At: now, Outcome: o}
}

// endpoint finds a fact of the batch.
func endpoint(t *testing.T, b fact.Batch, asset, key string) fact.Fact {
	t.Helper()
	i := slices.IndexFunc(b.Facts, func(f fact.Fact) bool { return f.Kind == fact.KindEndpoint && f.Asset == asset && f.Key == key })
	if i < 0 {
		t.Fatalf("nothing is said of %s on %s", key, asset)
	}
	return b.Facts[i]
}

func TestBatch(t *testing.T) {
	yes, no := true, false
	web := result("10.1.0.5:443", "https", service.Asked)
	web.Spoke, web.Product, web.Clear, web.Secure = "https", "nginx", &no, &yes
	web.TLS = &tlsenum.Report{
		Versions: []tlsenum.Version{tlsenum.TLS10, tlsenum.TLS12}, Chosen: 0xc02f,
		Suites: []tlsenum.Accepted{{Suite: 0x000a, Version: tlsenum.TLS10, Weak: "3DES", Name: "TLS_RSA_WITH_3DES_EDE_CBC_SHA"}},
		Chain: &tlsenum.Chain{
			Subject: "CN=web", Issuer: "CN=Root", Names: []string{"web.clinic.example"}, NotAfter: now.AddDate(0, 1, 0),
			KeyType: "rsa", KeyBits: 2048, Signature: "SHA256-RSA", Trusted: true,
		},
	}
	shell := result("10.1.0.5:22", "ssh", service.Asked)
	shell.Spoke, shell.Clear, shell.Secure = "ssh", &no, &no
	shell.SSH = &sshenum.Report{Offer: sshenum.Offer{Banner: "SSH-2.0-x", KeyExchange: []string{"diffie-hellman-group1-sha1"}}, Methods: []string{"password"}}
	image := result("10.1.0.6:104", "dicom", service.Asked)
	image.Spoke, image.Clear, image.Secure, image.DICOM = "dicom", &yes, &no, &clinical.DICOM{Accepted: true}
	desk := result("10.1.0.6:3389", "rdp", service.Asked)
	desk.Spoke, desk.Before, desk.Secure, desk.ClearWhy, desk.TLSWhy = "rdp", &starttls.Look{NLA: &yes}, &yes, "it also takes others", "it refused every offer"
	pump := result("10.1.0.7:2575", "hl7", service.Touched)
	pump.Why, pump.TLSWhy, pump.ClearWhy = "a medical device", "a medical device", "a medical device"
	left := result("10.1.0.8:443", "https", service.Left)
	left.Why = "marked fragile"
	late := result("10.1.0.5:8443", "https", service.Silent)
	late.Why = "it did not take a connection in time"
	unsure := result("10.1.0.9:443", "https", service.Asked)
	unsure.Spoke, unsure.Clear, unsure.Secure = "https", &no, &yes
	unsure.TLS = &tlsenum.Report{Versions: []tlsenum.Version{tlsenum.TLS12}, Unsure: []tlsenum.Version{tlsenum.TLS10}, Why: "an offer of TLS 1.0: it did not answer in time", NoChain: "10 MB of them", Incomplete: "many"}

	b := service.Batch("Main Campus", now.Add(time.Minute), []service.Result{image, web, shell, desk, pump, left, late, unsure})
	if faults := b.Validate(); len(faults) > 0 {
		t.Fatalf("faults: %v", faults)
	}
	if b.Stream.ID != "scan/main-campus" || !b.Stream.PerAsset || b.Assurance != fact.Measured || len(b.Sightings) != 4 {
		t.Fatalf("stream %+v, %d sightings", b.Stream, len(b.Sightings))
	}
	want := fact.Values{
		"port": int64(443), "transport": "tcp", "address": "10.1.0.5", "exposed": true, "service": "https", "product": "nginx", "clear_text": false,
		"tls": true, "tls_versions": []string{"1.0", "1.2"}, "tls_oldest": "1.0", "tls_newest": "1.2", "tls_cipher": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
		"tls_weak_ciphers": []string{"TLS_RSA_WITH_3DES_EDE_CBC_SHA"}, "cert_subject": "CN=web", "cert_issuer": "CN=Root", "cert_names": []string{"web.clinic.example"},
		"cert_not_after": now.AddDate(0, 1, 0), "cert_self_signed": false, "cert_chain_valid": true, "cert_key_type": "rsa", "cert_key_bits": int64(2048), "cert_signature": "SHA256-RSA",
	}
	f := endpoint(t, b, "10.1.0.5", "443/tcp")
	if d := cmp.Diff(want, f.Values); d != "" || len(f.Missing) > 0 {
		t.Errorf("https (-want +got):\n%s\nmissing %v", d, f.Missing)
	}
	host := func(ref string) fact.Sighting {
		i := slices.IndexFunc(b.Sightings, func(s fact.Sighting) bool { return s.Ref == ref })
		if i < 0 {
			t.Fatalf("%s was not seen", ref)
		}
		return b.Sightings[i]
	}
	h := host("10.1.0.5")
	if h.Values["ssh_password_auth"] != true || !slices.Equal(h.Values["ssh_weak_algorithms"].([]string), []string{"diffie-hellman-group1-sha1"}) || h.Missing["clear_text_services"] == "" {
		t.Errorf("host of SSH: %v, missing %v", h.Values, h.Missing)
	}
	// What was not looked at stays as it was: the silent port, and all others.
	for key, kept := range map[string]bool{"8443/tcp": true, "25/tcp": true, "443/tcp": false, "22/tcp": false} {
		if got := slices.ContainsFunc(h.Keeps, func(k fact.Kept) bool { return k.Holds(fact.KindEndpoint, key) }); got != kept {
			t.Errorf("%s: kept %t, want %t", key, got, kept)
		}
	}
	if h = host("10.1.0.6"); !slices.Equal(h.Values["clear_text_services"].([]string), []string{"dicom"}) || h.Values["rdp_nla"] != true {
		t.Errorf("host of DICOM: %v", h.Values)
	}
	if f = endpoint(t, b, "10.1.0.6", "3389/tcp"); f.Values["tls"] != true || f.Missing["tls_versions"] != "it refused every offer" || f.Missing["clear_text"] == "" {
		t.Errorf("rdp: %v, missing %v", f.Values, f.Missing)
	}
	f = endpoint(t, b, "10.1.0.7", "2575/tcp")
	for _, attr := range []string{"service", "clear_text", "tls", "tls_versions", "cert_not_after"} {
		if f.Missing[attr] != "a medical device" {
			t.Errorf("a device that was connected to only: %s is missing for %q", attr, f.Missing[attr])
		}
	}
	f = endpoint(t, b, "10.1.0.9", "443/tcp")
	if _, ok := f.Values["tls_oldest"]; ok || f.Values["tls_newest"] != "1.2" || f.Missing["tls_weak_ciphers"] != "many" || f.Missing["cert_not_after"] != "10 MB of them" {
		t.Errorf("what is not known for sure: %v, missing %v", f.Values, f.Missing)
	}
	if len(b.Notes) != 1 || b.Notes[0].Why != "marked fragile" {
		t.Errorf("notes %v", b.Notes)
	}
}

// TestResultsAreKept: a result survives being written down, so that a scan that
// was stopped goes on another time.
func TestResultsAreKept(t *testing.T) {
	a := servertest.NewAuthority(t, "Root")
	addr := tlsServer(t, a.TLS(t, servertest.Wish{}), nil)
	r := at(t, scanner(a), addr, "https")
	if r.Outcome != service.Asked || r.TLS == nil {
		t.Fatalf("%+v", r)
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var back service.Result
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(r, back, cmpopts.EquateComparable(netip.AddrPort{})); d != "" {
		t.Errorf("it came back otherwise (-was +is):\n%s", d)
	}
	if strings.Contains(string(text), "PRIVATE") || len(text) > 10_000 {
		t.Errorf("%d bytes: %s", len(text), text)
	}
}
