// Package fingerprint tells what a device is from what it shows of itself: the
// maker of its network card, the options it asks a DHCP server for, the ports
// that are open, what its services say when somebody connects, and its name.
//
// The knowledge is data (content/fingerprints). Each rule names the evidence in
// words and says how sure it makes us. Several rules that agree decide against
// one that does not, but the answer is never surer than its strongest evidence,
// and less sure where something speaks against it.
//
// The package is pure: it looks at nothing by itself.
package fingerprint

import (
	"strconv"

	"github.com/asepsis/asepsis/internal/asset"
)

// Source says where a signal came from.
type Source string

// The sources of signals. What the value holds is said at each.
const (
	DHCPVendor    Source = "dhcp_vendor_class" // option 60, as sent
	DHCPOptions   Source = "dhcp_options"      // the parameter request list: 1,3,6,15
	Hostname      Source = "hostname"          // short or full name, from DNS, DHCP, NetBIOS
	SSH           Source = "ssh"               // the identification line: SSH-2.0-OpenSSH_9.2
	HTTPServer    Source = "http_server"       // the Server header
	HTTPAuth      Source = "http_auth"         // the WWW-Authenticate header
	HTTPTitle     Source = "http_title"        // the text of the title element
	FTP           Source = "ftp"               // the greeting, without its code
	Telnet        Source = "telnet"            // what is shown before sign-in, options removed
	SMTP          Source = "smtp"              // the greeting, without its code
	SMBOS         Source = "smb_os"            // native OS of an SMB session, or its NTLM version
	SNMPDescr     Source = "snmp_sysdescr"     // sysDescr.0
	SNMPObject    Source = "snmp_sysobjectid"  // sysObjectID.0, dotted
	MDNSService   Source = "mdns_service"      // a service type it announces: _ipp._tcp
	MDNSInfo      Source = "mdns_device_info"  // the TXT record of _device-info: model=MacBookPro18,3
	SSDP          Source = "ssdp"              // SERVER, ST or USN header of an announcement
	SIP           Source = "sip"               // Server or User-Agent header
	RTSP          Source = "rtsp"              // Server header
	TLSSubject    Source = "tls_subject"       // subject of the certificate: CN=…,O=…
	DICOMClass    Source = "dicom_class"       // implementation class UID
	DICOMVersion  Source = "dicom_version"     // implementation version name
	DICOMTitle    Source = "dicom_ae_title"    // application entity title
	HL7App        Source = "hl7_application"   // MSH-3, sending application
	UserAgent     Source = "user_agent"        // of requests the device makes
	Product       Source = "product"           // software and version as another tool named it
	MakerText     Source = "manufacturer"      // the maker as another source of the inventory spells it
	ModelText     Source = "model"             // the model as another source of the inventory spells it
	OperatingText Source = "os_name"           // the operating system as another source names it
)

// Signal is one thing that was seen of a device.
type Signal struct {
	Source Source `json:"source"`
	Value  string `json:"value"`
	Port   uint16 `json:"port,omitempty"` // where it was said; 0 if it has no port
}

// Device is what was seen of one device. Any part may be empty.
type Device struct {
	MAC     MAC // zero if it is not known
	Signals []Signal
	// TCP and UDP are the ports that answered. Scanned says that closed ports were
	// looked for too, so that the absence of a port says something.
	TCP, UDP []uint16
	Scanned  bool
}

// Add adds a signal. An empty value adds nothing.
func (d *Device) Add(s Source, value string, port uint16) {
	if value != "" {
		d.Signals = append(d.Signals, Signal{Source: s, Value: value, Port: port})
	}
}

// Confidence is how sure something is, in percent.
type Confidence uint8

// The steps of confidence that people see.
const (
	Certain  Confidence = 90 // the device says so itself, in words made for it
	Likely   Confidence = 60 // right nine times in ten among devices of a hospital
	Possible Confidence = 30 // worth a look, not to be stated as a fact
)

func (c Confidence) String() string {
	switch {
	case c >= Certain:
		return "certain"
	case c >= Likely:
		return "likely"
	case c >= Possible:
		return "possible"
	case c == 0:
		return "unknown"
	}
	return "unsure"
}

// Claim is one believed property of a device.
type Claim struct {
	Value      string
	Confidence Confidence
	Rules      []string // ids of the rules that say so, strongest first
	Against    []string // ids of rules that say something else
}

// Known reports whether the claim is sure enough to be stated as a fact.
func (c Claim) Known() bool { return c.Value != "" && c.Confidence >= Likely }

// Evidence is one rule that applied, with what it saw.
type Evidence struct {
	Rule       string
	Text       string // for people: DHCP vendor class says "Hewlett-Packard JetDirect"
	Confidence Confidence
}

// Answer says what a device is and why.
type Answer struct {
	Class        Claim // an asset.Class
	Kind         Claim // finer: infusion_pump, ct_scanner, badge_reader, … see Kinds
	Manufacturer Claim
	Model        Claim
	OSFamily     Claim // linux, windows, macos, other
	OSName       Claim
	OSVersion    Claim
	Product      Claim // the software that gave itself away

	CardMaker string  // maker of the network card, by the IEEE listing
	MAC       MACKind // what kind of hardware address it has
	Evidence  []Evidence
}

// AssetClass returns the class if it is known well enough, else Unknown.
func (a Answer) AssetClass() asset.Class {
	if a.Class.Known() {
		return asset.Class(a.Class.Value)
	}
	return asset.Unknown
}

// Why lists the evidence as sentences, strongest first, for a page or a log.
func (a Answer) Why() []string {
	out := make([]string, 0, len(a.Evidence))
	for _, e := range a.Evidence {
		out = append(out, e.Text+" ("+strconv.Itoa(int(e.Confidence))+" %)")
	}
	return out
}
