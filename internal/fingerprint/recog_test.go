package fingerprint

import (
	"archive/tar"
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"io"
	"maps"
	"path"
	"strings"
	"testing"

	"github.com/asepsis/asepsis/internal/testshared"
)

// recogFiles are the files of Recog whose examples our rules may be held against.
var recogFiles = map[string]Source{
	"dhcp_vendor_class.xml": DHCPVendor, "snmp_sysdescr.xml": SNMPDescr, "ssh_banners.xml": SSH, "telnet_banners.xml": Telnet,
	"ftp_banners.xml": FTP, "http_servers.xml": HTTPServer, "html_title.xml": HTTPTitle, "x509_subjects.xml": TLSSubject,
	"mdns_device-info_txt.xml": MDNSInfo, "sip_banners.xml": SIP, "rtsp_servers.xml": RTSP, "http_wwwauth.xml": HTTPAuth,
}

// recogClass maps Recog's words for devices to our classes, where they have one.
var recogClass = map[string]string{
	"Printer": "printer", "Multifunction Device": "printer", "Print Server": "printer",
	"Switch": "network_device", "Router": "network_device", "WAP": "network_device", "Firewall": "network_device", "Wireless Controller": "network_device", "Device Server": "network_device",
	"VoIP": "iot", "IP Camera": "iot", "UPS": "iot", "PLC": "iot", "DVR": "iot", "Video Conferencing": "iot", "Access Control": "iot", "Power Device": "iot",
	"NAS": "server", "Storage": "server", "Lights Out Management": "server", "Hypervisor": "server",
	"Mobile Phone": "mobile", "Tablet": "mobile", "Laptop": "laptop", "Desktop": "workstation",
}

// recogPrint is a fingerprint of Recog: what it says, and texts that it is of.
type recogPrint struct {
	Examples []struct {
		Encoding string `xml:"_encoding,attr"`
		Text     string `xml:",chardata"`
	} `xml:"example"`
	Params []struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	} `xml:"param"`
}

// eachRecog calls f with the fingerprints of some of Recog's files.
func eachRecog(t testing.TB, files map[string]Source, f func(src Source, p *recogPrint)) {
	t.Helper()
	r := tar.NewReader(bytes.NewReader(testshared.Read(t, "corpora", "advisories", "fingerprints", "recog-xml.tar.zst")))
	for {
		h, err := r.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		src, ok := files[path.Base(h.Name)]
		if !ok {
			continue
		}
		var doc struct {
			Prints []recogPrint `xml:"fingerprint"`
		}
		if err := xml.NewDecoder(r).Decode(&doc); err != nil {
			t.Fatalf("%s: %v", h.Name, err)
		}
		for i := range doc.Prints {
			f(src, &doc.Prints[i])
		}
	}
}

// plainExamples lists the examples that are written as they are.
func (p *recogPrint) plainExamples(src Source) (out []string) {
	for _, e := range p.Examples {
		if e.Encoding == "" && strings.TrimSpace(e.Text) != "" {
			out = append(out, asSent(src, e.Text))
		}
	}
	return out
}

// asSent puts before an SSH banner what Recog leaves out of it.
func asSent(src Source, text string) string {
	if src == SSH {
		return "SSH-2.0-" + text
	}
	return text
}

// TestRecogExamples holds the class we state against the one Recog gives for its
// own examples. Of those we speak of at all, 95 in a hundred must agree.
func TestRecogExamples(t *testing.T) {
	examples, stated, right := 0, 0, 0
	eachRecog(t, recogFiles, func(src Source, p *recogPrint) {
		want := ""
		for _, q := range p.Params {
			if q.Name == "hw.device" || q.Name == "os.device" && want == "" {
				want = recogClass[q.Value]
			}
		}
		if want == "" {
			return
		}
		for _, v := range p.plainExamples(src) {
			examples++
			got := string(Default().Identify(Device{Signals: []Signal{{Source: src, Value: v}}}).AssetClass())
			switch got {
			case "unknown":
			case want:
				stated++
				right++
			default:
				stated++
				t.Logf("%s %.70q: %s, Recog says %s", src, v, got, want)
			}
		}
	})
	t.Logf("%d examples with a class; we state one for %d and agree on %d", examples, stated, right)
	if stated < examples/2 || right*100 < stated*95 {
		t.Errorf("of %d examples we state a class for %d and agree on %d", examples, stated, right)
	}
}

// recogExamples reads the examples of all of Recog's files that we have a source
// for.
func recogExamples(t testing.TB) map[Source][]string {
	t.Helper()
	out := map[Source][]string{}
	more := map[string]Source{"smtp_banners.xml": SMTP, "smb_native_os.xml": SMBOS, "snmp_sysobjid.xml": SNMPObject, "sip_user_agents.xml": SIP}
	maps.Copy(more, recogFiles)
	eachRecog(t, more, func(src Source, p *recogPrint) {
		for _, e := range p.Examples {
			v := e.Text
			if e.Encoding == "base64" {
				b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(v), ""))
				if err != nil {
					continue
				}
				v = string(b)
			}
			out[src] = append(out[src], asSent(src, v))
		}
	})
	return out
}
