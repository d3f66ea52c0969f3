package sshenum

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/collect/service/servertest"
	"github.com/asepsis/asepsis/internal/collect/service/wire"
)

func ask(t *testing.T, port int) *Report {
	t.Helper()
	r, err := Enumerate(t.Context(), servertest.Dial(servertest.Addr(port)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestOffersAreThoseOfTheServer compares with what sshd itself says it offers.
func TestOffersAreThoseOfTheServer(t *testing.T) {
	t.Parallel()
	port := servertest.OpenSSH(t, []string{"rsa:2048", "ecdsa", "ed25519"}, "Ciphers aes256-gcm@openssh.com,aes128-cbc,3des-cbc", "MACs hmac-sha2-256,hmac-md5",
		"KexAlgorithms curve25519-sha256,diffie-hellman-group14-sha1,diffie-hellman-group1-sha1", "HostKeyAlgorithms +ssh-rsa", "PasswordAuthentication yes", "KbdInteractiveAuthentication no")
	r := ask(t, port)
	if d := cmp.Diff([]string{"aes256-gcm@openssh.com", "aes128-cbc", "3des-cbc"}, r.Ciphers); d != "" {
		t.Errorf("ciphers (-want +got):\n%s", d)
	}
	want := []string{"3des-cbc", "aes128-cbc", "diffie-hellman-group1-sha1", "diffie-hellman-group14-sha1", "hmac-md5", "ssh-rsa"}
	if d := cmp.Diff(want, r.Weak()); d != "" {
		t.Errorf("weak (-want +got):\n%s", d)
	}
	kinds := []string{}
	for _, k := range r.Keys {
		kinds = append(kinds, k.Type+" "+strconv.Itoa(k.Bits))
	}
	slices.Sort(kinds)
	if d := cmp.Diff([]string{"ecdsa-sha2-nistp256 256", "ssh-ed25519 256", "ssh-rsa 2048"}, kinds); d != "" {
		t.Errorf("keys (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"publickey", "password"}, r.Methods); d != "" {
		t.Errorf("methods (-want +got):\n%s", d)
	}
	if takes, known := r.Passwords(); !takes || !known {
		t.Error("it takes passwords and that was not seen")
	}
	// The client of the same makers sees the same keys.
	keyscan, err := exec.LookPath("ssh-keyscan")
	if err != nil {
		t.Skip("ssh-keyscan is not installed here")
	}
	keygen := servertest.Program(t, "ssh-keygen")
	out, err := exec.Command("sh", "-c", keyscan+" -p "+strconv.Itoa(port)+" 127.0.0.1 2>/dev/null | "+keygen+" -l -f -").Output()
	if err != nil {
		t.Fatal(err)
	}
	theirs := regexp.MustCompile(`SHA256:\S+`).FindAllString(string(out), -1)
	var ours []string
	for _, k := range r.Keys {
		ours = append(ours, k.Fingerprint)
	}
	slices.Sort(theirs)
	slices.Sort(ours)
	if d := cmp.Diff(theirs, ours); d != "" {
		t.Errorf("fingerprints (-ssh-keyscan +ours):\n%s", d)
	}
}

func TestKeysOnly(t *testing.T) {
	t.Parallel()
	r := ask(t, servertest.OpenSSH(t, []string{"ed25519"}, "PasswordAuthentication no", "KbdInteractiveAuthentication no"))
	if takes, known := r.Passwords(); takes || !known || len(r.Weak()) != 0 || r.Open {
		t.Errorf("%+v, weak %v", r, r.Weak())
	}
	if !strings.HasPrefix(r.Product(), "OpenSSH_") || r.Connections > 4 {
		t.Errorf("product %q, %d connections", r.Product(), r.Connections)
	}
}

// TestNothingIsTried: the log of the server at its loudest shows that nobody was
// asked for but by "none".
func TestNothingIsTried(t *testing.T) {
	t.Parallel()
	servertest.Root(t)
	sshd := servertest.Program(t, "sshd")
	dir, port := servertest.Open(t), servertest.Port(t)
	key := dir + "/key"
	if out, err := exec.Command(servertest.Program(t, "ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	log := dir + "/log"
	conf := servertest.Write(t, dir, "conf", "Port "+strconv.Itoa(port)+"\nListenAddress 127.0.0.1\nPidFile none\nUsePAM no\nHostKey "+key+"\nLogLevel DEBUG3\nPasswordAuthentication yes\n")
	servertest.Start(t, port, sshd, "-D", "-E", log, "-f", conf)
	ask(t, port)
	var text []byte
	for range 100 { // the server writes when it gets to it
		text, _ = os.ReadFile(log)
		if strings.Contains(string(text), "method none") {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	tries := regexp.MustCompile(`userauth-request for user \S+ service \S+ method (\S+)`).FindAllStringSubmatch(string(text), -1)
	if len(tries) == 0 {
		t.Fatalf("the server logged no request:\n%s", text)
	}
	for _, m := range tries {
		if m[1] != "none" {
			t.Errorf("a request with the method %s", m[1])
		}
	}
}

func TestOpenServerOfOldDays(t *testing.T) {
	addr := servertest.Serve(t, func(c net.Conn) {
		_, _ = io.WriteString(c, "SSH-1.5-OldSwitch_1.0\n")
		_, _ = io.Copy(io.Discard, c)
	})
	r, err := Enumerate(t.Context(), servertest.Dial(addr))
	if err != nil || !r.Protocol1() || r.Methods != nil || r.NoMethods == "" || r.Product() != "OldSwitch_1.0" {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestLiars(t *testing.T) {
	for name, say := range map[string]string{
		"lines without end": strings.Repeat("welcome\r\n", 5000),
		"a long line":       strings.Repeat("x", 20000),
		"a lying length":    "SSH-2.0-x\r\n\xff\xff\xff\xff\x04",
		"a short packet":    "SSH-2.0-x\r\n\x00\x00\x00\x02\x01\x14",
		"padding beyond":    "SSH-2.0-x\r\n\x00\x00\x00\x10\xff" + strings.Repeat("\x14", 40),
	} {
		addr := servertest.Serve(t, func(c net.Conn) {
			_, _ = io.WriteString(c, say)
			_, _ = io.Copy(io.Discard, c)
		})
		if r, err := Enumerate(t.Context(), servertest.Dial(addr)); err == nil {
			t.Errorf("%s: believed: %+v", name, r)
		} else if wire.Why(err) == "" {
			t.Errorf("%s: no reason", name)
		}
	}
}

func kexinit(lists ...string) []byte {
	b := append([]byte{msgInit}, make([]byte, 16)...)
	for _, l := range lists {
		b = binary.BigEndian.AppendUint32(b, uint32(len(l)))
		b = append(b, l...)
	}
	return b
}

func FuzzOffer(f *testing.F) {
	f.Add(kexinit("a,b", "ssh-rsa", "aes128-cbc", "", "hmac-md5", ""))
	f.Add(kexinit("a"))
	f.Add([]byte("SSH-2.0-x\r\n\x00\x00\x00\x10\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := parseOffer(b)
		if err == nil {
			for _, n := range slices.Concat(o.KeyExchange, o.HostKeys, o.Ciphers, o.MACs) {
				if n == "" || len(n) > 64 || strings.ContainsAny(n, "\x00\n\x1b, ") {
					t.Fatalf("a name %q", n)
				}
			}
			o.Weak()
		}
		c, _ := servertest.Said(b)
		w := wire.Bound(t.Context(), c, servertest.Bounds)
		if s, err := readBanner(w); err == nil && (len(s) > 255 || !bytes.Contains(b, []byte("SSH-"))) {
			t.Fatalf("a banner %q", s)
		}
		_, _ = readOffer(w)
	})
}
