package login

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParsePasswdAndGroup(t *testing.T) {
	us := ParsePasswd([]byte("root:x:0:0:root:/root:/bin/bash\n# comment\n+nis::::::\nana:x:1000:1000:Ana Ruiz,,,:/home/ana:/bin/bash\nbad:x:a:0::/:/bin/sh\nroot:x:5:5::/:/bin/sh\n"))
	if len(us) != 2 || us[1].Gecos != "Ana Ruiz,,," || us[0].UID != 0 {
		t.Errorf("%+v", us)
	}
	gs := ParseGroup([]byte("sudo:x:27:ana, bo\nempty:x:5:\nbroken\n"))
	if diff := cmp.Diff([]Group{{"sudo", 27, []string{"ana", "bo"}}, {"empty", 5, nil}}, gs); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if d := Directory([]byte("passwd: files sss # ldap\ngroup: files\n"), "passwd"); len(d) != 1 || d[0] != "sss" {
		t.Errorf("directories %v", d)
	}
}

func TestParseShadow(t *testing.T) {
	ss := ParseShadow([]byte("ana:$y$j9T$abc$def:19000:0:90:7:::\nbo:!:19000:0:99999:7:::\nno::19000:0:99999:7::18000:\nsvc:!*:::::::\nold:$1$x$y:1:0:365:7:::\n"))
	want := []Secret{
		{Name: "ana", Scheme: "yescrypt", Usable: true, SetAt: time.Unix(19000*86400, 0).UTC(), MaxDays: 90},
		{Name: "bo", Scheme: "locked", SetAt: time.Unix(19000*86400, 0).UTC()},
		{Name: "no", Scheme: "none", Empty: true, Usable: true, SetAt: time.Unix(19000*86400, 0).UTC(), ExpiresAt: time.Unix(18000*86400, 0).UTC()},
		{Name: "svc", Scheme: "locked"},
		{Name: "old", Scheme: "md5", Usable: true, SetAt: time.Unix(86400, 0).UTC(), MaxDays: 365},
	}
	if diff := cmp.Diff(want, ss); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for hash, want := range map[string]string{"$6$a$b": "sha512", "$2b$10$x": "bcrypt", "abcdefghijklm": "des", "*LK*": "locked", "$99$x": "unknown", "oops": "locked"} {
		if got := Scheme(hash); got != want {
			t.Errorf("Scheme(%q) = %q, want %q", hash, got, want)
		}
	}
}

func TestRules(t *testing.T) {
	files := map[string]string{
		"common-auth": "auth required pam_faillock.so preauth\nauth [success=1 default=ignore] pam_unix.so nullok\n",
		"system-auth": "auth required pam_env.so\npassword requisite pam_pwquality.so local_users_only\npassword sufficient pam_unix.so sha512\n",
		"loop":        "@include loop\nauth include loop\n",
	}
	read := func(n string) []byte { return []byte(files[n]) }
	auth := ParsePAM([]byte("@include common-auth\n"), read)
	password := ParsePAM([]byte("password include system-auth\n"), read)
	got := Judge(auth, password, map[string]string{"minlen": "14"}, map[string]string{"deny": "5"}, ParseDefs([]byte("PASS_MAX_DAYS\t90\nUID_MIN 500\n")))
	if want := (Rules{MinLength: 14, Lockout: 5, MaxAgeDays: 90}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if len(password) != 2 {
		t.Errorf("an include of one type brings that type alone: %+v", password)
	}
	if n := len(ParsePAM([]byte(files["loop"]), read)); n != 0 {
		t.Errorf("a loop has %d modules", n)
	}
	debian := ParsePAM([]byte("password [success=1 default=ignore] pam_unix.so obscure yescrypt minlen=10\n"), read)
	if got := Judge(nil, debian, nil, nil, ParseDefs(nil)); got != (Rules{MinLength: 10, MaxAgeDays: neverExpires}) {
		t.Errorf("debian: %+v", got)
	}
}

func TestSudo(t *testing.T) {
	const file = `# a comment
Defaults env_reset, secure_path="/usr/sbin:/usr/bin"
Defaults:backup !authenticate
User_Alias ADMINS = ana, %it, !eve : OPS = #1005
Cmnd_Alias POWER = /sbin/reboot, /sbin/halt
Host_Alias HERE = ehr-db-01, 10.1.0.0/16
root ALL=(ALL:ALL) ALL
%sudo	ALL=(ALL:ALL) ALL
ADMINS HERE = (root) NOPASSWD: ALL
OPS ALL = POWER, NOPASSWD: /usr/bin/journalctl --since\=today
bo elsewhere = ALL
cy ALL = (postgres) ALL
di ALL = (postgres) /usr/bin/psql, (root) /usr/bin/apt
backup ALL = /usr/bin/rsync
fay ALL = ALL
fay ALL = !ALL
gus ALL=(ALL) \
   NOPASSWD: ALL
hal mail = ALL : ehr-db-01 = /bin/ls
#1007 ALL=(ALL) ALL
@include other
#includedir /etc/sudoers.d
`
	s := ParseSudoers([]byte(file))
	if diff := cmp.Diff([]Include{{"other", false}, {"/etc/sudoers.d", true}}, s.Includes()); diff != "" {
		t.Errorf("includes (-want +got):\n%s", diff)
	}
	for _, tt := range []struct {
		u    Subject
		want Rights
	}{
		{Subject{Name: "root"}, Rights{Any: true, All: true}},
		{Subject{Name: "zed", Groups: []string{"sudo"}}, Rights{Any: true, All: true}},
		{Subject{Name: "ana"}, Rights{Any: true, All: true, NoPasswd: true}},
		{Subject{Name: "eve", Groups: []string{"it"}}, Rights{}},
		{Subject{Name: "ops", UID: 1005}, Rights{Any: true, NoPasswd: true}},
		{Subject{Name: "bo"}, Rights{}},
		{Subject{Name: "cy"}, Rights{}},
		{Subject{Name: "di"}, Rights{Any: true}},
		{Subject{Name: "backup"}, Rights{Any: true, NoPasswd: true}},
		{Subject{Name: "fay"}, Rights{}},
		{Subject{Name: "gus"}, Rights{Any: true, All: true, NoPasswd: true}},
		{Subject{Name: "hal"}, Rights{Any: true}},
		{Subject{Name: "num", UID: 1007}, Rights{Any: true, All: true}},
		{Subject{Name: "nobody", UID: 65534}, Rights{}},
	} {
		if got := s.Of(tt.u, "ehr-db-01"); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.u.Name, got, tt.want)
		}
	}
}

func TestRecords(t *testing.T) {
	old, wide := LayoutOf("amd64"), LayoutOf("arm64")
	rec := make([]byte, wide.Lastlog)
	binary.LittleEndian.PutUint32(rec, 1_700_000_000)
	for _, l := range []Layout{old, wide} {
		if at := l.ParseLastlog(rec[:l.Lastlog]); at.Unix() != 1_700_000_000 {
			t.Errorf("lastlog %v", at)
		}
	}
	if at := old.ParseLastlog(rec[:100]); !at.IsZero() {
		t.Errorf("half a record says %v", at)
	}
	entry := func(l Layout, typ uint16, name string, at uint32) []byte {
		b := make([]byte, l.Wtmp)
		binary.LittleEndian.PutUint16(b, typ)
		copy(b[44:], name)
		binary.LittleEndian.PutUint32(b[l.time:], at)
		return b
	}
	for _, l := range []Layout{old, wide} {
		w := append(append(append(entry(l, 7, "ana", 100), entry(l, 8, "ana", 300)...), entry(l, 7, "ana", 200)...), 1, 2, 3)
		if at := l.ParseWtmp(w)["ana"]; at.Unix() != 200 {
			t.Errorf("wtmp: %v, want the newest sign-in, not the sign-out", at)
		}
	}
}

func TestInteractive(t *testing.T) {
	for shell, want := range map[string]bool{"/bin/bash": true, "": true, "/usr/sbin/nologin": false, "/bin/false": false, "/bin/sync": false} {
		if got := Interactive(shell); got != want {
			t.Errorf("Interactive(%q) = %v", shell, got)
		}
	}
}

func FuzzParsers(f *testing.F) {
	f.Add([]byte("root:x:0:0:root:/root:/bin/bash\nana:$6$x:1:2:3:4:5:6:\n"))
	f.Add([]byte("User_Alias A = B\nUser_Alias B = A\nA ALL=(ALL:ALL) NOPASSWD: ALL : x = (y) z\nDefaults !authenticate\n"))
	f.Add([]byte("auth [default=1 pam_unix.so\n@include x\nauth include x\nPASS_MAX_DAYS 99\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		ParsePasswd(b)
		ParseGroup(b)
		for _, s := range ParseShadow(b) {
			if strings.HasPrefix(s.Scheme, "$") {
				t.Fatalf("the scheme %q gives a hash away", s.Scheme)
			}
		}
		ParseSudoers(b).Of(Subject{Name: "A", Groups: []string{"B"}}, "x")
		ParsePAM(b, func(string) []byte { return b })
		ParseOptions(b)
		ParseDefs(b)
		LayoutOf("amd64").ParseWtmp(b)
		LayoutOf("arm64").ParseLastlog(b)
		Directory(b, "passwd")
	})
}
