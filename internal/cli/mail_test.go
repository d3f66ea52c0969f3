package cli

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/collect/maildomain/dnstest"
)

const mailZones = `closed IN TXT "v=spf1 ip4:192.0.2.10 -all"
closed IN MX 10 mail.closed.example.
_dmarc.closed IN TXT "v=DMARC1; p=reject; rua=mailto:reports@closed.example"
open IN TXT "v=spf1 +all"
open IN MX 10 mail.open.example.
_dmarc.open IN TXT "v=DMARC1; p=none"
mail.closed IN A 192.0.2.10
mail.open IN A 192.0.2.11
`

// TestMailCheck looks at domains through a real name server, and decides the
// goal by what was seen.
func TestMailCheck(t *testing.T) {
	dns := dnstest.BIND(t, map[string]string{"example": mailZones})
	data := t.TempDir()
	run := func(args ...string) (code int, out, said string) {
		var o, e bytes.Buffer
		w := World{Stdin: strings.NewReader(""), Stdout: &o, Stderr: &e, Env: func(string) string { return "" }, Now: time.Now}
		code = Main(context.WithoutCancel(t.Context()), append([]string{"--data", data}, args...), w)
		return code, o.String(), e.String()
	}
	code, out, said := run("mail", "check", "closed.example", "front.desk@open.example", "--dns", dns)
	if code != 3 || !strings.Contains(said, "1 domain can be forged") {
		t.Errorf("exit %d: %s", code, said)
	}
	for _, want := range []string{"closed.example", "fail", "reject", "open.example", "pass_all", "not measured"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not said:\n%s", want, out)
		}
	}
	code, out, said = run("mail", "check", "closed.example", "--dns", dns, "--json")
	if code != 0 || !strings.Contains(out, `"dmarc_policy": "reject"`) && !strings.Contains(out, `"dmarc_policy":"reject"`) {
		t.Errorf("exit %d: %s%s", code, out, said)
	}
	if _, out, said := run("assess", "--no-host", "--all"); !strings.Contains(out, "Forged mail in our name is refused by others") {
		t.Errorf("the goal knows nothing of it:\n%s%s", out, said)
	}
	// A name server that is none says nothing about the domain.
	code, out, said = run("mail", "check", "closed.example", "--dns", "127.0.0.1:9")
	if code != 3 || !strings.Contains(said, "not known") || strings.Contains(out, "none") {
		t.Errorf("exit %d: %s%s", code, out, said)
	}
	if code, _, said := run("mail", "check", "closed.example", "--dns", "ns.example"); code != 2 || !strings.Contains(said, "no address of a name server") {
		t.Errorf("exit %d: %s", code, said)
	}
}
