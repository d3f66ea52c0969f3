//go:build linux

package netlab_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/web/api"
	"github.com/asepsis/asepsis/test/netlab"
)

// asepsis is a command of the program in the asking end of a lab.
func asepsis(t *testing.T, l *netlab.Lab, data string, args ...string) *exec.Cmd {
	t.Helper()
	asking, _ := l.Names()
	cmd := exec.CommandContext(t.Context(), "ip", append([]string{"netns", "exec", asking, os.Args[0]}, args...)...)
	cmd.Env = append(os.Environ(), program+"=1", "ASEPSIS_DATA="+data, "NO_COLOR=1")
	return cmd
}

func must(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args[4:], err, out)
	}
	return string(out)
}

// TestWhileTheProgramSearches searches with the whole program, and from a second
// one on the same data folder marks a device as fragile and takes half of the
// network away while it runs.
func TestWhileTheProgramSearches(t *testing.T) {
	t.Parallel()
	l := netlab.New(t, netip.MustParsePrefix("10.77.0.0/24"), 100)
	for _, a := range l.Hosts {
		l.Listen(t, a, 22, netlab.SSH("SSH-2.0-OpenSSH_9.2p1"))
	}
	data := t.TempDir()
	wards := []string{"discover", "permit", "wards", "10.77.0.0/24", "--profile", "normal", "--note", "the test"}
	must(t, asepsis(t, l, data, append(slices.Clone(wards), "--rate", "5000", "--ports", "22")...))
	must(t, asepsis(t, l, data, "discover", "run", "wards"))
	must(t, asepsis(t, l, data, append(slices.Clone(wards), "--rate", "150")...))

	c := l.Count(t)
	search := asepsis(t, l, data, "discover", "run", "wards")
	var said bytes.Buffer
	search.Stdout, search.Stderr = &said, &said
	if err := search.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan time.Time, 1)
	go func() { _ = search.Wait(); ended <- time.Now() }()
	t.Cleanup(func() { _ = search.Process.Kill() })
	began := func() int {
		n := 0
		for _, p := range c.So() {
			if p.SYN {
				n++
			}
		}
		return n
	}
	for deadline := time.Now().Add(30 * time.Second); began() < 100; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the search has not begun to connect: %s", said.String())
		}
	}

	pump := l.Hosts[55]
	must(t, asepsis(t, l, data, "asset", "set", "fragile=yes", "--asset", pump.String()))
	marked := time.Now().Add(1500 * time.Millisecond) // it looks every second
	time.Sleep(4 * time.Second)

	half := netip.MustParsePrefix("10.77.0.128/25")
	must(t, asepsis(t, l, data, "discover", "permit", "theaters", half.String(), "--profile", "never", "--note", "the test"))
	taken := time.Now().Add(1500 * time.Millisecond)
	select {
	case at := <-ended:
		if at.After(taken.Add(2 * time.Second)) {
			t.Errorf("it ended %s after half of the network was taken away", at.Sub(taken))
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it goes on though half of the network was taken away")
	}
	time.Sleep(time.Second)
	packets, lost := c.Stop()
	toPump, others, toHalf := 0, 0, 0
	for _, p := range packets {
		starts := p.SYN || p.Payload > 0
		switch {
		case !starts:
		case p.To == pump && p.At.After(marked):
			toPump++
		case half.Contains(p.To) && p.At.After(taken):
			toHalf++
		case p.At.After(marked) && p.At.Before(taken):
			others++
		}
	}
	if toPump > 0 || toHalf > 0 || others < 30 || lost > 0 {
		t.Errorf("after the mark %d packets for the device, %d for others; after the change %d for the network", toPump, others, toHalf)
	}
	var runs []api.DiscoveryRun
	if err := json.Unmarshal([]byte(must(t, asepsis(t, l, data, "discover", "runs", "--json"))), &runs); err != nil {
		t.Fatal(err)
	}
	if len(runs) != 2 || runs[0].State != "stopped" || !strings.Contains(runs[0].Error, "another permission took a part of its networks") {
		t.Errorf("the search is said to be %+v", runs)
	}
	if !slices.ContainsFunc(runs[0].LeftAlone, func(n api.Note) bool { return strings.Contains(n.Why, "marked as not to be probed") }) {
		t.Errorf("the device is not said to be left alone: %v", runs[0].LeftAlone)
	}
	t.Logf("after the mark %d packets for the device, %d for others; after the change %d for the network", toPump, others, toHalf)
}

// TestReadsByTheProgram gives the whole program a community, and reads a printer
// with it: the serial number is in the inventory, and the community in one file
// that only its owner may read.
func TestReadsByTheProgram(t *testing.T) {
	t.Parallel()
	l := netlab.NewDevices(t, netip.MustParsePrefix("10.78.0.0/28"), 4)
	l.SNMPD(t, l.Hosts[1], "rocommunity ward-secret-7\nsysdescr Lexmark MX622 version MXTGM.076.294 kernel 4.11.12\nsysname lx-ward3\noverride .1.3.6.1.2.1.43.5.1.1.17.1 octet_str \"7464L10284B3K\"\n")
	data, file := t.TempDir(), filepath.Join(t.TempDir(), "community")
	if err := os.WriteFile(file, []byte("ward-secret-7\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	permit := []string{"discover", "permit", "wards", "10.78.0.0/28", "--ports", "443", "--note", "the test", "--snmp", "2c", "--snmp-community-file", file}
	if out, err := asepsis(t, l, data, append(slices.Clone(permit), "--profile", "cautious")...).CombinedOutput(); err == nil || !strings.Contains(string(out), "not one byte") {
		t.Errorf("SNMP in a cautious network is taken: %s", out)
	}
	said := must(t, asepsis(t, l, data, append(slices.Clone(permit), "--profile", "normal")...))
	said += must(t, asepsis(t, l, data, "discover", "scopes", "--json"))
	said += must(t, asepsis(t, l, data, "discover", "run", "wards"))
	said += must(t, asepsis(t, l, data, "discover", "runs", "--json"))
	shown := must(t, asepsis(t, l, data, "asset", "show", l.Hosts[1].String()))
	if !strings.Contains(shown, "7464L10284B3K") || !strings.Contains(shown, "printer") || !strings.Contains(shown, "lx-ward3") {
		t.Errorf("of the printer is known:\n%s", shown)
	}
	if strings.Contains(said+shown, "ward-secret-7") {
		t.Error("the community is printed")
	}
	var holds []string
	err := filepath.WalkDir(data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err == nil && bytes.Contains(b, []byte("ward-secret-7")) {
			holds = append(holds, path)
			if i, err := d.Info(); err != nil || i.Mode().Perm() != 0o600 {
				t.Errorf("%s may be read by others: %v", path, i.Mode())
			}
		}
		return err
	})
	if err != nil || len(holds) != 1 || !strings.Contains(holds[0], "/keys/") {
		t.Errorf("the community lies in %v, %v", holds, err)
	}
	must(t, asepsis(t, l, data, "discover", "forbid", "wards"))
	if _, err := os.Stat(holds[0]); !os.IsNotExist(err) {
		t.Errorf("the community is kept after the permission was taken back: %v", err)
	}
}
