package clinical

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/collect/service/servertest"
	"github.com/asepsis/asepsis/internal/collect/service/wire"
)

func conn(t testing.TB, said string) *wire.Conn {
	t.Helper()
	c, _ := servertest.Said([]byte(said))
	return wire.Bound(t.Context(), c, servertest.Bounds)
}

// TestEchoOfDCMTK asks dcmtk's receiver and has it write down what it was asked.
func TestEchoOfDCMTK(t *testing.T) {
	port := servertest.DICOM(t, "--aetitle", "PACS")
	c, err := wire.Open(t.Context(), servertest.Dial(servertest.Addr(port)), wire.Limits{Time: EachTime, Bytes: EachBytes})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	d, err := Echo(c, "PACS")
	if err != nil || !d.Accepted || !d.Echo || d.NoEcho != "" {
		t.Fatalf("%+v, %v", d, err)
	}
	if !strings.HasPrefix(d.Implementation, "1.2.276.0.7230010.3.") || !strings.HasPrefix(d.Version, "OFFIS_DCMTK_") {
		t.Errorf("software %q %q", d.Implementation, d.Version)
	}
}

func TestAssociations(t *testing.T) {
	for name, tt := range map[string]struct {
		said string
		want *DICOM
	}{
		"called title": {"\x03\x00\x00\x00\x00\x04\x00\x01\x01\x07", &DICOM{Rejected: "it does not know the called title"}},
		"calling":      {"\x03\x00\x00\x00\x00\x04\x00\x01\x01\x03", &DICOM{Rejected: "it does not know the calling title ASEPSIS"}},
		"other":        {"\x03\x00\x00\x00\x00\x04\x00\x02\x02\x09", &DICOM{Rejected: "without a reason that tells more (source 2, reason 9)"}},
		"abort":        {"\x07\x00\x00\x00\x00\x04\x00\x00\x02\x00", &DICOM{Rejected: "it broke off the association"}},
		"no echo": {
			"\x02\x00\x00\x00\x00\x50" + strings.Repeat("\x00", 68) + "\x21\x00\x00\x08\x01\x00\x03\x00\x40\x00\x00\x00",
			&DICOM{Accepted: true, NoEcho: "it does not take part in the echo (reason 3)"},
		},
		"web":         {"HTTP/1.1 400 Bad Request\r\n\r\n", nil},
		"long":        {"\x02\x00\x7f\xff\xff\xff" + strings.Repeat("x", 100), nil},
		"short":       {"\x02\x00\x00\x00\x00\x02ab", nil},
		"hung up":     {"", nil},
		"wrong items": {"\x02\x00\x00\x00\x00\x48" + strings.Repeat("\x00", 68) + "\x21\x00\xff\xff", nil},
	} {
		d, err := Echo(conn(t, tt.said), "")
		if (err != nil) != (tt.want == nil) {
			t.Errorf("%s: %+v, %v", name, d, err)
			continue
		}
		if diff := cmp.Diff(tt.want, d); tt.want != nil && diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestFrames(t *testing.T) {
	for name, tt := range map[string]struct {
		said string
		want *HL7
	}{
		"acknowledgment": {"\x0bMSH|^~\\&|LAB^1.2^ISO|CLINIC|||1||ACK|1|P|2.3\rMSA|AR|0|patient\r\x1c\r", &HL7{Framed: true, Message: true, Sender: "LAB", Version: "2.3"}},
		"other marks":    {"\x0bMSH$%~\\&$RAD$CLINIC$$$1$$ACK$1$P$2.5\r\x1c\r", &HL7{Framed: true, Message: true, Sender: "RAD", Version: "2.5"}},
		"release 2":      {"\x0b\x15\x1c\r", &HL7{Framed: true}},
		"bare":           {"\x15", &HL7{Framed: true}},
		"short header":   {"\x0bMSH|^~\\&|\x1c\r", &HL7{Framed: true, Message: true}},
		"web":            {"HTTP/1.1 400 Bad Request\r\n\r\n", nil},
		"alert of TLS":   {"\x15\x03\x01\x00\x02\x02\x46", nil},
	} {
		h, err := parseFrame([]byte(tt.said))
		if (err != nil) != (tt.want == nil) {
			t.Errorf("%s: %+v, %v", name, h, err)
			continue
		}
		if diff := cmp.Diff(tt.want, h); tt.want != nil && diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	// A receiver does not speak first; one that does is none.
	if h, err := Frame(conn(t, "\x0bMSH|")); err == nil {
		t.Errorf("it spoke first and was believed: %+v", h)
	}
	c, told := servertest.Said(nil)
	if h, err := Frame(wire.Bound(t.Context(), c, servertest.Bounds)); err != nil || h.Framed || h.Silent == "" || told.String() != "\x0b\x1c\r" {
		t.Errorf("%+v, %v, it was told %s", h, err, strconv.Quote(told.String()))
	}
}

func FuzzDICOM(f *testing.F) {
	f.Add([]byte("\x03\x00\x00\x00\x00\x04\x00\x01\x01\x07"))
	f.Add([]byte("\x02\x00\x00\x00\x00\x50" + strings.Repeat("\x00", 68) + "\x21\x00\x00\x08\x01\x00\x00\x00\x40\x00\x00\x00" +
		"\x04\x00\x00\x00\x00\x1a\x00\x00\x00\x16\x01\x03\x00\x00\x00\x01\x02\x00\x00\x00\x30\x80\x00\x00\x00\x09\x02\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := Echo(conn(t, string(b)), "X")
		if err == nil && (d.Accepted == (d.Rejected != "") || d.Accepted && d.Echo == (d.NoEcho != "")) {
			t.Fatalf("%+v", d)
		}
		_, _ = echoed(b)
	})
}

func FuzzFrame(f *testing.F) {
	f.Add([]byte("\x0bMSH|^~\\&|LAB|CLINIC|||1||ACK|1|P|2.3\r\x1c\r"))
	f.Add([]byte("\x0bMSH"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) == 0 {
			return
		}
		h, err := parseFrame(b)
		if err == nil && (!h.Framed || len(h.Sender) > 60 || len(h.Version) > 60) {
			t.Fatalf("%+v", h)
		}
	})
}
