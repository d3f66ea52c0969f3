// Package service asks services of the network how they protect what passes
// through them: versions and suites of TLS, certificates, SSH, the headers of web
// servers, and what carries orders, images and passwords in clear.
//
// It asks what discovery or a person found, nothing else, and only as far as a
// [Gate] permits: outside the permitted networks and of the do-not-touch list
// nothing at all, of medical devices and in cautious networks a connection that is
// closed without a byte, unless a person marked the device as safe. The gate is
// asked before every connection. New connections are paced for the whole scan and
// for each network, and a device has few open at a time.
//
// It tries no password, signs in nowhere and sends no message: see [Scanner] for
// the two choices that go further, both off.
package service

import (
	"context"
	"crypto/x509"
	"net/netip"
	"time"

	"github.com/asepsis/asepsis/internal/collect/service/cleartext"
	"github.com/asepsis/asepsis/internal/collect/service/clinical"
	"github.com/asepsis/asepsis/internal/collect/service/httpenum"
	"github.com/asepsis/asepsis/internal/collect/service/sshenum"
	"github.com/asepsis/asepsis/internal/collect/service/starttls"
	"github.com/asepsis/asepsis/internal/collect/service/tlsenum"
)

// Target is a service that somebody found.
type Target struct {
	Addr netip.AddrPort `json:"addr"`
	// Transport is tcp or udp; empty means tcp. Of UDP only SNMP is asked.
	Transport string `json:"transport,omitempty"`
	// Service is what it is, by its name in facts, where discovery, another tool or
	// a person knows: https, smtp, dicom. Empty takes what is common on the port.
	Service string `json:"service,omitempty"`
	// Names are what the device is called: the first is asked for, and a certificate
	// is held against all.
	Names []string `json:"names,omitempty"`
}

// Outcome is how asking a service ended.
type Outcome string

// The outcomes.
const (
	Asked   Outcome = "asked"   // it told something
	Touched Outcome = "touched" // it took a connection, which was closed without a byte
	Left    Outcome = "left"    // nothing was sent, or nothing more
	Closed  Outcome = "closed"  // it takes no connection
	Silent  Outcome = "silent"  // nothing came back, so it is not known whether it is there
	Failed  Outcome = "failed"  // it took a connection and could not be understood
)

// Result is what was learnt of a service. What it does not say is not known;
// Why, TLSWhy and ClearWhy say why.
type Result struct {
	Target
	At      time.Time `json:"at"`
	Outcome Outcome   `json:"outcome"`
	Why     string    `json:"why,omitempty"`

	// Service as it showed itself; the one that was guessed where it did not is in Target.
	Spoke   string `json:"spoke,omitempty"`
	Product string `json:"product,omitempty"`

	// Clear says whether it carries data or passwords in clear; nil where that is not
	// known, and ClearWhy then says why.
	Clear    *bool  `json:"clear,omitempty"`
	ClearWhy string `json:"clear_why,omitempty"`

	// Secure says whether it speaks TLS; nil where that is not known, and TLSWhy
	// then says why. TLS is nil where it would not speak it with us: TLSWhy again.
	Secure *bool           `json:"secure,omitempty"`
	TLS    *tlsenum.Report `json:"tls,omitempty"`
	TLSWhy string          `json:"tls_why,omitempty"`

	Before *starttls.Look   `json:"before,omitempty"` // what it says before TLS
	SSH    *sshenum.Report  `json:"ssh,omitempty"`
	HTTP   *httpenum.Report `json:"http,omitempty"`
	DICOM  *clinical.DICOM  `json:"dicom,omitempty"`
	HL7    *clinical.HL7    `json:"hl7,omitempty"`
	SNMP   *cleartext.SNMP  `json:"snmp,omitempty"`
	// Community is the one of those that makers ship that SNMP answered to.
	Community string `json:"community,omitempty"`

	Connections int `json:"connections"`
}

// Scanner asks services. It keeps nothing between runs, and runs do not share
// their pace.
type Scanner struct {
	// Gate and Now must be there.
	Gate Gate
	Now  func() time.Time
	// Roots are the authorities that are trusted; nil means this machine's.
	Roots *x509.CertPool
	// Rate is new connections a second of the whole scan; 0 is [DefaultRate].
	Rate float64
	// Brief looks for weak suites only, with few connections to each service.
	Brief bool
	// Called is the title that DICOM services are called by; empty is
	// [clinical.DefaultCalled].
	Called string
	// Unknown offers TLS to services that nobody knows and that say nothing by
	// themselves. Off, they are listened to and no more.
	Unknown bool
	// SNMP tries the communities that makers ship, [cleartext.DefaultCommunities], on
	// targets of SNMP. Off, SNMP is not asked at all: a community is a password of a kind.
	SNMP bool
	// Progress is called after each service, from one goroutine at a time. Nil is allowed.
	Progress func(Progress)
}

// Progress says how far a scan is.
type Progress struct {
	Done, Of    int           // services
	Connections int           // opened so far
	Elapsed     time.Duration // since the start
	Left        time.Duration // estimate; 0 if there is none yet
}

// perService bounds the time for which connections to one service are open,
// whatever it does. Waiting for a turn does not count: networks may be slow.
const perService = 40 * time.Second

// slowRate is new connections a second of a network below which only what
// matters most is asked: each connection there keeps others waiting.
const slowRate = 10

// atOnce is how many services are asked at a time.
const atOnce = 48

// Run asks every target once and gives each result to each, from one goroutine at
// a time, as it is known. It returns the error of ctx where it was stopped: what
// was given to each until then stands, and the rest can be asked another time. It
// ends soon after ctx.
func (s *Scanner) Run(ctx context.Context, targets []Target, each func(Result)) error {
	r := &run{Scanner: s, pace: newPace(s.Rate, s.Now), started: s.Now(), of: len(targets)}
	return r.all(ctx, inTurn(targets, s.Gate), each)
}
