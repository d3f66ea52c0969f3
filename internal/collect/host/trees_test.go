package host

import (
	"context"
	"crypto/md5" //nolint:gosec // dpkg's checksums
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/collect/host/login"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/testshared"
)

var testNow = time.Date(2026, 11, 25, 3, 0, 0, 0, time.UTC)

// plant writes a tree of files. A name that ends in "@" is a symbolic link to
// its text, one that ends in "/" an empty folder.
func plant(t testing.TB, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		p := filepath.Join(root, strings.TrimSuffix(name, "@"))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		switch {
		case strings.HasSuffix(name, "/"):
			err = os.MkdirAll(p, 0o755)
		case strings.HasSuffix(name, "@"):
			err = os.Symlink(text, p)
		default:
			err = os.WriteFile(p, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// read collects from a tree and checks what holds of every batch.
func read(t *testing.T, o Options) *fact.Batch {
	t.Helper()
	b, err := New(o).Collect(t.Context(), testNow, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range b.Validate() {
		t.Error(err)
	}
	again, err := New(o).Collect(t.Context(), testNow, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b, again); diff != "" {
		t.Errorf("the same tree twice (-first +second):\n%s", diff)
	}
	for _, n := range b.Notes {
		if strings.Contains(n.Why, "inside the collector") {
			t.Errorf("note %+v", n)
		}
	}
	return b
}

// says compares some attributes of the machine.
func says(t *testing.T, b *fact.Batch, want fact.Values) {
	t.Helper()
	got := fact.Values{}
	for name := range want {
		v, ok := b.Sightings[0].Values[name]
		if !ok {
			v = "missing: " + b.Sightings[0].Missing[name]
		}
		got[name] = v
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the machine (-want +got):\n%s", diff)
	}
}

func find(t *testing.T, b *fact.Batch, k fact.Kind, key string) fact.Fact {
	t.Helper()
	for _, f := range b.Facts {
		if f.Kind == k && f.Key == key {
			return f
		}
	}
	t.Fatalf("no %s %q in %d facts", k, key, len(b.Facts))
	return fact.Fact{}
}

func sumLine(name, text string) string {
	s := md5.Sum([]byte(text)) //nolint:gosec // as above
	return hex.EncodeToString(s[:]) + "  " + name + "\n"
}

const rawMachineID = "0123456789abcdef0123456789abcdef"

func debianServer() map[string]string {
	deb := func(name, version, more string) string {
		return fmt.Sprintf("Package: %s\nStatus: install ok installed\nArchitecture: amd64\nVersion: %s\n%s\n", name, version, more)
	}
	return map[string]string{
		"etc/machine-id":                                        rawMachineID + "\n",
		"etc/hostname":                                          "ehr-db-01\n",
		"etc/hosts":                                             "127.0.1.1 ehr-db-01.hospital.example ehr-db-01\n",
		"etc/os-release@":                                       "/usr/lib/os-release", // absolute: must stay in the tree
		"usr/lib/os-release":                                    "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\n",
		"sys/class/dmi/id/sys_vendor":                           "Dell Inc.\n",
		"sys/class/dmi/id/product_name":                         "PowerEdge R640\n",
		"sys/class/dmi/id/product_serial":                       "7ABC123\n",
		"sys/class/dmi/id/chassis_type":                         "23\n",
		"sys/class/net/eno1/address":                            "24:6e:96:aa:bb:cc\n",
		"sys/class/net/eno1/type":                               "1\n",
		"sys/class/net/eno1/device/x":                           "",
		"sys/class/net/docker0/address":                         "02:42:00:00:00:01\n",
		"sys/class/net/docker0/type":                            "1\n",
		"proc/sys/kernel/osrelease":                             "6.1.0-18-amd64\n",
		"proc/cpuinfo":                                          "processor : 0\nflags : fpu vme sse\n",
		"proc/stat":                                             "btime " + fmt.Sprint(testNow.Add(-75*time.Hour).Unix()) + "\n",
		"boot/vmlinuz-6.1.0-18-amd64":                           "",
		"boot/vmlinuz-6.1.0-28-amd64":                           "",
		"var/lib/dpkg/status":                                   deb("dpkg", "1.21.22", "") + deb("openssl", "3.0.11-1~deb12u2", "") + deb("openssh-server", "1:9.2p1-2+deb12u2", "Source: openssh\n") + deb("sudo", "1.9.13p3-1", "") + deb("unattended-upgrades", "2.9.1", "") + deb("auditd", "1:3.0.9", "Source: audit\n") + deb("wazuh-agent", "4.9.0-1", ""),
		"var/lib/dpkg/info/sudo.md5sums":                        sumLine("usr/bin/sudo", "sudo") + sumLine("usr/share/doc/sudo/x", "gone on purpose"),
		"var/lib/dpkg/info/auditd.md5sums":                      sumLine("usr/sbin/auditd", "auditd as shipped"),
		"usr/bin/sudo":                                          "sudo",
		"usr/sbin/auditd":                                       "auditd with a guest",
		"usr/sbin/sshd":                                         "",
		"var/lib/apt/lists/x_dists_bookworm-security_InRelease": "Suite: stable-security\nLabel: Debian-Security\n",
		"var/lib/apt/lists/x_dists_bookworm-security_main_binary-amd64_Packages": "Package: openssl\nArchitecture: amd64\nVersion: 3.0.15-1~deb12u1\n\n",
		"var/lib/apt/lists/x_dists_bookworm_InRelease":                           "Suite: stable\n",
		"var/lib/apt/lists/x_dists_bookworm_main_binary-amd64_Packages":          "Package: sudo\nArchitecture: amd64\nVersion: 1.9.13p3-1+deb12u1\n\nPackage: other\nVersion: 1\nArchitecture: all\n",
		"etc/apt/apt.conf.d/20auto-upgrades":                                     "APT::Periodic::Unattended-Upgrade \"1\";\n",
		"etc/passwd":                                                             "root:x:0:0:root:/root:/bin/bash\nana:x:1000:1000:Ana Ruiz,,,:/home/ana:/bin/bash\nbo:x:1001:1001::/home/bo:/bin/bash\nfar:x:1002:1002::/mnt/nas/far:/bin/bash\nwww-data:x:33:33::/var/www:/usr/sbin/nologin\npostgres:x:101:104::/var/lib/postgresql:/bin/bash\n",
		"etc/group":                                                              "root:x:0:\nsudo:x:27:ana\ndocker:x:999:bo\nana:x:1000:\nbo:x:1001:\npostgres:x:104:\n",
		"etc/shadow":                                                             "root:!:19700:0:99999:7:::\nana:$y$j9T$secretsalt$secrethash:19700:0:99999:7:::\nbo:!:19700:0:99999:7:::\nfar:!:19700:0:99999:7:::\nwww-data:*:19700:0:99999:7:::\npostgres:!:19700:0:99999:7:::\n",
		"home/bo/.ssh/authorized_keys":                                           "# work\nssh-ed25519 AAAA bo@laptop\n",
		"etc/sudoers":                                                            "Defaults env_reset\nroot ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n",
		"etc/sudoers.d/backup":                                                   "postgres ALL=(root) NOPASSWD: /usr/bin/pg_backup\n",
		"etc/sudoers.d/README.md":                                                "bo ALL=(ALL) ALL\n", // skipped: it has a dot
		"etc/login.defs":                                                         "PASS_MAX_DAYS 365\nUID_MIN 1000\n",
		"etc/pam.d/common-password":                                              "password requisite pam_pwquality.so retry=3\npassword [success=1 default=ignore] pam_unix.so yescrypt\n",
		"etc/pam.d/common-auth":                                                  "auth [success=1 default=ignore] pam_unix.so nullok\n",
		"etc/security/pwquality.conf":                                            "minlen = 12\n",
		"var/log/wtmp":                                                           string(wtmpRecord("ana", 1_764_000_000)),
		"etc/ssh/sshd_config":                                                    "Include /etc/ssh/sshd_config.d/*.conf\nPermitRootLogin yes\nUsePAM yes\nKbdInteractiveAuthentication no\n",
		"etc/ssh/sshd_config.d/10-hard.conf":                                     "PasswordAuthentication no\nMatch Address 10.9.0.0/16\n  PasswordAuthentication yes\n",
		"proc/net/tcp":                                                           "  sl\n 0: 00000000:0016 00000000:0000 0A 0:0 0:0 0 0 0 100 1\n 1: 0100007F:1538 00000000:0000 0A 0:0 0:0 0 101 0 200 1\n 2: 00000000:0A0F 00000000:0000 0A 0:0 0:0 0 0 0 300 1\n 3: 00000000:0017 00000000:0000 0A 0:0 0:0 0 0 0 999 1\n",
		"proc/net/udp":                                                           "  sl\n 0: 00000000:0045 00000000:0000 07 0:0 0:0 0 0 0 400 1\n 1: 00000000:C001 00000000:0000 07 0:0 0:0 0 0 0 500 1\n",
		"proc/sys/net/ipv4/ip_local_port_range":                                  "32768\t60999\n",
		"proc/1/comm":                                                            "systemd\n",
		"proc/2/comm":                                                            "kthreadd\n",
		"proc/900/comm":                                                          "sshd\n",
		"proc/900/fd/3@":                                                         "socket:[100]",
		"proc/901/comm":                                                          "postgres\n",
		"proc/901/fd/5@":                                                         "socket:[200]",
		"proc/902/comm":                                                          "mirth-connect-s\n",
		"proc/902/cmdline":                                                       "/opt/mirth-connect-server\x00-x\x00",
		"proc/902/fd/9@":                                                         "socket:[300]",
		"proc/903/comm":                                                          "auditd\n",
		"proc/904/comm":                                                          "chronyd\n",
		"proc/905/comm":                                                          "wazuh-agentd\n",
		"proc/906/comm":                                                          "in.tftpd\n",
		"proc/906/fd/0@":                                                         "socket:[400]",
		"proc/907/comm":                                                          "avahi-daemon\n",
		"proc/908/comm":                                                          "rsyslogd\n",
		"proc/self/mountinfo":                                                    "27 1 8:2 / / rw,relatime - ext4 /dev/sda2 rw\n28 27 8:1 / /boot/efi rw - vfat /dev/sda1 rw\n29 27 0:5 / /proc rw - proc proc rw\n30 27 8:2 /srv/x /mnt/bind rw - ext4 /dev/sda2 rw\n31 27 0:60 / /mnt/nas rw - nfs4 nas:/x rw\n",
		"sys/dev/block/8:2/size":                                                 "2048\n",
		"sys/dev/block/8:1/size":                                                 "1024\n",
		"proc/swaps":                                                             "Filename Type Size Used Priority\n",
		"etc/ufw/ufw.conf":                                                       "ENABLED=yes\n",
		"etc/default/ufw":                                                        "DEFAULT_INPUT_POLICY=\"DROP\"\n",
		"etc/rsyslog.conf":                                                       "*.* @@siem.hospital.example:6514\n",
		"etc/logrotate.conf":                                                     "weekly\nrotate 4\n",
		"etc/logrotate.d/rsyslog":                                                "/var/log/syslog\n/var/log/auth.log {\n  rotate 26\n}\n",
		"var/log/syslog":                                                         "",
		"opt/app/node_modules/lodash/package.json":                               `{"name":"lodash","version":"4.17.15"}`,
		"opt/app/package.json":                                                   `{"name":"app","version":"1.0.0"}`,
		"mnt/nas/far/.ssh/authorized_keys":                                       "ssh-ed25519 AAAA far@x\n",
		"opt/app/node_modules/loop@":                                             "..",
		"usr/local/lib/python3.11/dist-packages/requests-2.25.0.dist-info/METADATA": "Name: requests\nVersion: 2.25.0\n",
	}
}

func wtmpRecord(name string, at uint32) []byte {
	l := login.LayoutOf(runtime.GOARCH)
	b := make([]byte, l.Wtmp)
	b[0] = 7
	copy(b[44:], name)
	when := b[340:]
	if l.Wtmp == 400 {
		when = b[344:]
	}
	binary.LittleEndian.PutUint32(when, at)
	return b
}

func TestDebianServer(t *testing.T) {
	b := read(t, Options{Root: plant(t, debianServer())})
	says(t, b, fact.Values{
		"name": "ehr-db-01", "fqdn": "ehr-db-01.hospital.example", "class": "server", "virtual": false, "manufacturer": "Dell Inc.", "model": "PowerEdge R640",
		"serial": "7ABC123", "macs": []string{"24:6e:96:aa:bb:cc"}, "os_name": "Debian GNU/Linux 12 (bookworm)", "os_version": "12", "os_family": "linux",
		"uptime_days": int64(3), "os_support_ends_at": time.Date(2028, 6, 30, 23, 59, 59, 0, time.UTC),
		"packages": int64(7), "pending_updates": int64(2), "pending_security_updates": int64(1), "auto_updates": true, "reboot_required": true,
		"disk_encrypted": false, "firewall_active": true, "firewall_default_deny": true, "firewall_kind": "ufw", "time_source": "chrony",
		"time_synced":    "missing: the kernel of a captured tree cannot be asked",
		"logs_forwarded": true, "log_destinations": []string{"tcp://siem.hospital.example:6514", "wazuh-agent"}, "log_retention_days": int64(182), "audit_active": true,
		"endpoint_protection": "Wazuh agent", "endpoint_protection_running": true, "security_tools": []string{"Wazuh agent", "auditd"},
		"security_tools_running": []string{"Wazuh agent", "auditd"}, "security_tools_modified": []string{"auditd: /usr/sbin/auditd"},
		"password_min_length": int64(12), "password_max_age_days": int64(365), "password_lockout_attempts": int64(0),
		"ssh_enabled": true, "ssh_password_auth": true, "ssh_root_login": "yes", "ssh_empty_passwords": false, "ssh_weak_algorithms": []string{},
		"listening_services": int64(4), "clear_text_services": []string{"hl7", "telnet", "tftp"},
		"unneeded_services": []string{
			"Avahi", "TFTP server", "telnet server",
		},
	})
	if !slices.ContainsFunc(b.Notes, func(n fact.Note) bool { return strings.Contains(n.Why, "Match block allows passwords") }) {
		t.Errorf("the Match block that loosens is not named: %+v", b.Notes)
	}
	for key, want := range map[string]fact.Values{
		"ana":      {"type": "person", "enabled": true, "privileged": true, "sudo": true, "sudo_without_password": false, "password_hash": "yescrypt", "display_name": "Ana Ruiz", "last_login_at": time.Unix(1_764_000_000, 0).UTC()},
		"bo":       {"type": "person", "enabled": true, "privileged": true, "sudo": false, "password_hash": "locked"}, // by an SSH key and the docker group
		"root":     {"type": "system", "enabled": false, "privileged": true},
		"www-data": {"type": "system", "enabled": false, "privileged": false, "interactive": false},
		"postgres": {"type": "service", "enabled": false, "sudo": true, "sudo_without_password": true, "privileged": false},
	} {
		f := find(t, b, fact.KindAccount, key)
		for name, v := range want {
			if !fact.Equal(f.Values[name], v) {
				t.Errorf("%s.%s = %v, want %v (missing: %s)", key, name, f.Values[name], v, f.Missing[name])
			}
		}
	}
	if f := find(t, b, fact.KindAccount, "far"); f.Values["enabled"] != nil || !strings.Contains(f.Missing["enabled"], "another machine") {
		t.Errorf("an account whose home is on another machine: %v %v", f.Values, f.Missing)
	}
	for key, want := range map[string]fact.Values{
		"22/tcp":             {"process": "sshd", "exposed": true, "clear_text": false, "service": "ssh"},
		"127.0.0.1:5432/tcp": {"process": "postgres", "exposed": false},
		"2575/tcp":           {"process": "mirth-connect-server", "service": "hl7", "clear_text": true},
		"69/udp":             {"process": "in.tftpd"},
	} {
		f := find(t, b, fact.KindEndpoint, key)
		for name, v := range want {
			if !fact.Equal(f.Values[name], v) {
				t.Errorf("%s %s = %v, want %v", key, name, f.Values[name], v)
			}
		}
	}
	if f := find(t, b, fact.KindEndpoint, "23/tcp"); f.Missing["process"] == "" {
		t.Errorf("a port nobody holds has process %v", f.Values["process"])
	}
	var volumes []string
	for _, f := range b.Facts {
		if f.Kind == fact.KindVolume {
			volumes = append(volumes, f.Key)
		}
	}
	if diff := cmp.Diff([]string{"/", "/boot/efi"}, volumes); diff != "" {
		t.Errorf("volumes: bind mounts, network mounts and pseudo file systems are none (-want +got):\n%s", diff)
	}
	purls := map[string]bool{}
	for _, c := range b.Components {
		purls[c.PURL] = true
	}
	for _, want := range []string{
		"pkg:deb/debian/openssl@3.0.11-1~deb12u2?arch=amd64&distro=debian-12", "pkg:deb/debian/openssh-server@1:9.2p1-2%2Bdeb12u2?arch=amd64&distro=debian-12",
		"pkg:npm/lodash@4.17.15", "pkg:pypi/requests@2.25.0",
	} {
		if !purls[want] {
			t.Errorf("no component %s in %v", want, purls)
		}
	}
	if purls["pkg:npm/app@1.0.0"] {
		t.Error("a program's own sources are not an installed package")
	}
}

// TestNothingSecretIsKept looks for what must never leave the machine.
func TestNothingSecretIsKept(t *testing.T) {
	b := read(t, Options{Root: plant(t, debianServer())})
	all := fmt.Sprintf("%+v", *b)
	for _, secret := range []string{rawMachineID, "secretsalt", "secrethash", "AAAA bo@laptop"} {
		if strings.Contains(all, secret) {
			t.Errorf("the batch holds %q", secret)
		}
	}
	raw, _ := parseMachineID(rawMachineID)
	if want := "host/" + machineKey(raw); b.Stream.ID != want || !b.Stream.Snapshot || b.Assurance != fact.Measured {
		t.Errorf("stream %+v, assurance %v", b.Stream, b.Assurance)
	}
	var types []string
	for _, k := range b.Sightings[0].Keys {
		types = append(types, string(k.Type))
	}
	if diff := cmp.Diff([]string{"machine", "serial", "mac", "fqdn", "name"}, types); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}

// fakeRunner answers fixed commands and fails the test for any other.
type fakeRunner struct {
	t       *testing.T
	answers map[string]string
}

func (r fakeRunner) Run(_ context.Context, name string, args ...string) ([]byte, error) {
	line := strings.Join(append([]string{name}, args...), " ")
	if a, ok := r.answers[line]; ok {
		return []byte(a), nil
	}
	for prefix, a := range r.answers {
		if p, ok := strings.CutSuffix(prefix, "*"); ok && strings.HasPrefix(line, p) {
			return []byte(a), nil
		}
	}
	return nil, fmt.Errorf("%s: %w", name, exec.ErrNotFound)
}

func TestRHEL9(t *testing.T) {
	files := map[string]string{
		"etc/machine-id": rawMachineID, "etc/hostname": "pacs-01.hospital.example\n",
		"etc/os-release":              "ID=\"rhel\"\nVERSION_ID=\"9.4\"\nNAME=\"Red Hat Enterprise Linux\"\nPRETTY_NAME=\"Red Hat Enterprise Linux 9.4 (Plow)\"\n",
		"sys/class/dmi/id/sys_vendor": "VMware, Inc.\n",
		"var/lib/rpm/rpmdb.sqlite":    "SQLite format 3",
		"usr/sbin/sshd":               "",
		"etc/ssh/sshd_config":         "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin no\n",
		"etc/dnf/automatic.conf":      "[commands]\napply_updates = yes\n",
		"etc/systemd/system/timers.target.wants/dnf-automatic.timer@": "/usr/lib/systemd/system/dnf-automatic.timer",
		"etc/pam.d/system-auth":      "auth required pam_faillock.so preauth\nauth sufficient pam_unix.so\npassword requisite pam_pwquality.so\npassword sufficient pam_unix.so sha512\n",
		"etc/security/faillock.conf": "# x\ndeny = 5\n",
		"etc/passwd":                 "root:x:0:0::/root:/bin/bash\n",
		"etc/nsswitch.conf":          "passwd: sss files\n",
		"proc/1/comm":                "systemd\n", "proc/2/comm": "kthreadd\n", "proc/50/comm": "firewalld\n", "proc/51/comm": "falcon-sensor-b\n", "proc/51/cmdline": "/opt/CrowdStrike/falcon-sensor-bpf\x00",
		"etc/firewalld/firewalld.conf":       "DefaultZone=public\n",
		"usr/lib/firewalld/zones/public.xml": "<zone><short>Public</short></zone>",
		"proc/self/mountinfo":                "27 1 253:0 / / rw - xfs /dev/mapper/rhel-root rw\n",
		"sys/dev/block/253:0/size":           "100\n",
	}
	r := fakeRunner{t, map[string]string{
		"rpm -qa --qf %{NAME}\\t%{EPOCHNUM}*":     "openssh-server\t0\t8.7p1\t38.el9\tx86_64\topenssh-8.7p1-38.el9.src.rpm\nsudo\t0\t1.9.5p2\t10.el9\tx86_64\tsudo-1.9.5p2-10.el9.src.rpm\nfalcon-sensor\t0\t7.10\t1\tx86_64\tfalcon-7.10-1.src.rpm\n",
		"rpm -qa --qf %{NAME}\n":                  "openssh-server\nsudo\nfalcon-sensor\n",
		"rpm -q --qf %{VERSION}\n openssh-server": "8.7p1\n",
		"rpm -V --noscripts --nodeps *":           "S.5....T.  c /etc/sudoers\n..5....T.    /opt/CrowdStrike/falconctl\n",
	}}
	b := read(t, Options{Root: plant(t, files), Runner: r})
	says(t, b, fact.Values{
		"name": "pacs-01", "fqdn": "pacs-01.hospital.example", "virtual": true, "class": "server", "packages": int64(3), "auto_updates": true,
		"pending_updates":     "missing: dnf writes to its cache and log even when it only looks, so it is not run; bring a scanner's report",
		"password_min_length": int64(8), "password_lockout_attempts": int64(5), "firewall_kind": "firewalld", "firewall_default_deny": true,
		"endpoint_protection": "CrowdStrike Falcon", "endpoint_protection_running": true, "security_tools_modified": []string{"/opt/CrowdStrike/falconctl"},
		"disk_encrypted": "missing: /: a virtual disk that this system does not encrypt; whether the machine below it does cannot be seen from inside",
		"ssh_root_login": "no", "ssh_password_auth": false, "ssh_weak_algorithms": []string{"ssh-rsa"},
	})
	if f := find(t, b, fact.KindAccount, "root"); f.Missing["password_hash"] == "" || f.Values["privileged"] != true {
		t.Errorf("without shadow: %+v", f)
	}
	if !slices.ContainsFunc(b.Notes, func(n fact.Note) bool { return n.What == "accounts of the directory" }) {
		t.Errorf("the directory is not named: %+v", b.Notes)
	}
	// RHEL 8 hands the policy's algorithms over on the command line.
	files["etc/crypto-policies/back-ends/opensshserver.config"] = "CRYPTO_POLICY='-oCiphers=aes256-cbc -oHostKeyAlgorithms=ssh-ed25519 -oPubkeyAcceptedKeyTypes=ssh-ed25519 -oKexAlgorithms=curve25519-sha256'\n"
	says(t, read(t, Options{Root: plant(t, files), Runner: r}), fact.Values{"ssh_weak_algorithms": []string{"aes256-cbc"}})
	files["etc/sysconfig/sshd"] = "CRYPTO_POLICY=\n"
	says(t, read(t, Options{Root: plant(t, files), Runner: r}), fact.Values{"ssh_weak_algorithms": []string{"ssh-rsa"}})
	// Without the rpm program nothing is made up.
	b = read(t, Options{Root: plant(t, files)})
	says(t, b, fact.Values{"packages": "missing: the rpm program gives no answer: this is a captured tree: no program is run"})
}

func TestAlpine(t *testing.T) {
	b := read(t, Options{Root: plant(t, map[string]string{
		"etc/hostname": "gateway\n", "etc/os-release": "ID=alpine\nVERSION_ID=3.20.3\nPRETTY_NAME=\"Alpine Linux v3.20\"\n",
		"lib/apk/db/installed": "P:musl\nV:1.2.5-r0\nA:x86_64\no:musl\n\nP:libcrypto3\nV:3.3.2-r0\nA:x86_64\no:openssl\n",
		"etc/passwd":           "root:x:0:0:root:/root:/bin/ash\n", "etc/shadow": "root::0:::::::\nroot::0:::::\n",
		".dockerenv": "", "proc/1/comm": "nginx\n",
		"proc/self/mountinfo": "1 0 0:40 / / rw - overlay overlay rw\n",
	})})
	says(t, b, fact.Values{
		"os_support_ends_at": time.Date(2026, 4, 1, 23, 59, 59, 0, time.UTC), "packages": int64(2), "virtual": true, "ssh_enabled": false,
		"disk_encrypted": "missing: no volume that holds data is visible", "reboot_required": "missing: a container runs on its host's kernel",
	})
	if c := b.Components[0]; c.PURL != "pkg:apk/alpine/libcrypto3@3.3.2-r0?arch=x86_64&distro=alpine-3.20" || c.Source != "openssl" {
		t.Errorf("%+v", c)
	}
	if !strings.HasPrefix(b.Stream.ID, "host/") || len(b.Sightings[0].Keys) != 1 || b.Sightings[0].Keys[0].Type != asset.Name {
		t.Errorf("a machine known by its name alone: %q %v", b.Stream.ID, b.Sightings[0].Keys)
	}
}

func TestUbuntuLaptopWithLUKS(t *testing.T) {
	files := map[string]string{
		"etc/machine-id": rawMachineID, "etc/hostname": "nurse-lap-7\n", "etc/os-release": "ID=ubuntu\nVERSION_ID=\"24.04\"\nNAME=Ubuntu\n",
		"sys/class/dmi/id/chassis_type": "10\n", "sys/class/dmi/id/sys_vendor": "LENOVO\n", "sys/class/dmi/id/product_serial": "To be filled by O.E.M.\n",
		"proc/self/mountinfo": "1 0 252:1 / / rw,relatime - ext4 /dev/mapper/vg-root rw\n2 1 0:55 / /home rw - btrfs /dev/mapper/crypt-home rw\n3 1 259:2 / /boot rw - ext4 /dev/nvme0n1p2 rw\n" +
			"4 1 8:1 / /media/stick rw - vfat /dev/sda1 rw\n",
		"sys/dev/block/252:1/dm/uuid":                           "LVM-abc\n",
		"sys/dev/block/252:1/slaves/dm-0/dm/uuid":               "CRYPT-LUKS2-0123-dm_crypt-0\n",
		"sys/dev/block/252:1/slaves/dm-0/slaves/nvme0n1p3/size": "10\n",
		"sys/dev/block/259:2/size":                              "4096\n",
		"sys/block/dm-2/dm/name":                                "crypt-home\n",
		"sys/block/dm-2/dm/uuid":                                "CRYPT-LUKS2-9-crypt-home\n",
		"sys/dev/block/8:1/../removable":                        "1\n",
		"sys/dev/block/8:1/size":                                "64\n",
		"proc/swaps":                                            "Filename Type Size Used Priority\n/dev/dm-1 partition 2048 0 -2\n/swap.img file 99 0 -3\n/dev/zram0 partition 9 0 5\n",
		"sys/class/block/dm-1/dm/uuid":                          "LVM-swap\n",
		"sys/class/block/dm-1/slaves/dm-0/dm/uuid":              "CRYPT-LUKS2-0123-dm_crypt-0\n",
		"sys/class/block/dm-1/size":                             "4\n",
	}
	delete(files, "sys/dev/block/8:1/../removable")
	b := read(t, Options{Root: plant(t, files)})
	says(t, b, fact.Values{"class": "laptop", "disk_encrypted": false, "serial": "missing: the maker left it blank"}) // the stick is not encrypted
	for key, want := range map[string]string{"/": "luks", "/home": "luks", "/boot": "none", "/media/stick": "none", "swap /dev/dm-1": "luks"} {
		if f := find(t, b, fact.KindVolume, key); f.Values["encryption"] != want {
			t.Errorf("%s is %v, want %s (missing: %v)", key, f.Values["encryption"], want, f.Missing)
		}
	}
	files["proc/self/mountinfo"] = strings.Split(files["proc/self/mountinfo"], "4 1 8:1")[0]
	says(t, read(t, Options{Root: plant(t, files)}), fact.Values{"disk_encrypted": true}) // /boot holds no data
}

// TestCapturedTreeNeverLeavesItsRoot plants links that lead outside.
func TestCapturedTreeNeverLeavesItsRoot(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("leak"), 0o600); err != nil {
		t.Fatal(err)
	}
	root := plant(t, map[string]string{
		"etc/absolute@": outside, "etc/up@": "../../../../../../../../../.." + outside, "etc/loop@": "loop", "etc/ring@": "/etc/ring2", "etc/ring2@": "/etc/ring",
		"etc/good@": "/usr/lib/good", "usr/lib/good": "in the tree", "etc/dir/": "",
	})
	tree := NewTree(root)
	for _, name := range []string{"/etc/absolute", "/etc/up", "/etc/loop", "/etc/ring", "/etc/dir", "/../" + outside, "/etc/../../../.." + outside} {
		if b, err := tree.Read(name); err == nil {
			t.Errorf("%s reads %q", name, b)
		}
	}
	if b, err := tree.Read("/etc/good"); err != nil || string(b) != "in the tree" {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := tree.ReadMax("/usr/lib/good", 3); err == nil {
		t.Error("a file beyond the limit was read")
	}
	if got := tree.Glob("/etc/*oo?"); !slices.Contains(got, "/etc/good") || slices.Contains(got, "/etc/absolute") {
		t.Errorf("glob: %v", got)
	}
}

// TestRealPackageList reads the package database of a real Debian machine.
func TestRealPackageList(t *testing.T) {
	status := testshared.Read(t, "corpora", "inventories", "hosts", "debian12-build-machine", "dpkg-status.zst")
	rel := testshared.Read(t, "corpora", "inventories", "hosts", "debian12-build-machine", "os-release")
	b := read(t, Options{Root: plant(t, map[string]string{"var/lib/dpkg/status": string(status), "etc/os-release": string(rel), "etc/hostname": "build\n"})})
	if n := b.Sightings[0].Values["packages"]; n != int64(len(b.Components)) || len(b.Components) < 100 {
		t.Errorf("packages %v, components %d", n, len(b.Components))
	}
	for _, c := range b.Components {
		if c.Distro != "debian-12" || !strings.HasPrefix(c.PURL, "pkg:deb/debian/") {
			t.Fatalf("%+v", c)
		}
	}
}

func TestNothingToKnowItBy(t *testing.T) {
	if _, err := New(Options{Root: t.TempDir()}).Collect(t.Context(), testNow, nil); err == nil {
		t.Error("an empty tree gave a batch")
	}
}

func TestEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := New(Options{Root: plant(t, debianServer())}).Collect(ctx, testNow, nil); err == nil {
		t.Error("a canceled collection gave a batch")
	}
}

// TestProgressNamesEveryStep also shows that a step is never told twice.
func TestProgressNamesEveryStep(t *testing.T) {
	seen := map[string]int{}
	if _, err := New(Options{Root: plant(t, debianServer())}).Collect(t.Context(), testNow, func(s string) { seen[s]++ }); err != nil {
		t.Fatal(err)
	}
	for _, s := range linuxSteps {
		if seen[s.name] != 1 {
			t.Errorf("step %q was told %d times", s.name, seen[s.name])
		}
	}
}

func TestKernelWithoutFirewall(t *testing.T) {
	files := map[string]string{
		"proc/sys/kernel/osrelease": "6.1.0\n", "proc/modules": "nf_conntrack 1 0 - Live 0x0\n", "lib/modules/6.1.0/modules.builtin": "kernel/net/ipv4/tunnel4.ko\n",
	}
	if !withoutModule(NewTree(plant(t, files)), "nf_tables") {
		t.Error("neither loaded nor built in, and not seen so")
	}
	for name, more := range map[string][2]string{
		"loaded":   {"proc/modules", "nf_tables 311296 0 - Live 0x0\n"},
		"built in": {"lib/modules/6.1.0/modules.builtin", "kernel/net/netfilter/nf_tables.ko\n"},
		"in /sys":  {"sys/module/nf_tables/x", ""},
	} {
		changed := maps.Clone(files)
		changed[more[0]] = more[1]
		if withoutModule(NewTree(plant(t, changed)), "nf_tables") {
			t.Errorf("%s, and taken for absent", name)
		}
	}
	delete(files, "lib/modules/6.1.0/modules.builtin")
	if withoutModule(NewTree(plant(t, files)), "nf_tables") {
		t.Error("what is built in is not known, and taken for absent")
	}
}
