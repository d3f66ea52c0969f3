package servertest

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Open makes a folder of a test that servers with a user of their own can reach.
func Open(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "services")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Root skips a test that starts a server which only root can start.
func Root(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("this server can be started by root alone")
	}
}

// give makes files another user's.
func give(t testing.TB, name string, paths ...string) {
	t.Helper()
	u, err := user.Lookup(name)
	if err != nil {
		t.Skipf("there is no user %s here", name)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	for _, p := range paths {
		if err := os.Chown(p, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
}

func mkdir(t testing.TB, path string) string {
	t.Helper()
	if err := os.MkdirAll(path, 0o755); err != nil { //nolint:gosec // servers of other users read it
		t.Fatal(err)
	}
	return path
}

// Nginx starts nginx with a TLS port and a port in clear that answers as asked.
func Nginx(t testing.TB, cert, key, tlsConfig, clearConfig string) (secure, clear int) {
	t.Helper()
	nginx := Program(t, "nginx")
	dir := Open(t)
	secure, clear = Port(t), Port(t)
	conf := Write(t, dir, "nginx.conf", fmt.Sprintf(`
daemon off; pid %[1]s/pid; error_log stderr; worker_processes 1;
events { worker_connections 200; }
http {
  access_log off; client_body_temp_path %[1]s; proxy_temp_path %[1]s; fastcgi_temp_path %[1]s; uwsgi_temp_path %[1]s; scgi_temp_path %[1]s;
  server { listen 127.0.0.1:%[2]d ssl; ssl_certificate %[3]s; ssl_certificate_key %[4]s; %[5]s }
  server { listen 127.0.0.1:%[6]d; %[7]s }
}
`, dir, secure, cert, key, tlsConfig, clear, clearConfig))
	Start(t, secure, nginx, "-c", conf, "-p", dir, "-e", "stderr")
	return secure, clear
}

// NginxOn starts nginx on many addresses: one port with TLS, one that sends people there.
func NginxOn(t testing.TB, cert, key string, addrs []string) (secure, clear int) {
	t.Helper()
	nginx := Program(t, "nginx")
	dir := Open(t)
	secure, clear = Port(t), Port(t)
	var tls, plain strings.Builder
	for _, a := range addrs {
		fmt.Fprintf(&tls, "listen %s:%d ssl;\n", a, secure)
		fmt.Fprintf(&plain, "listen %s:%d;\n", a, clear)
	}
	conf := Write(t, dir, "nginx.conf", fmt.Sprintf(`
daemon off; pid %[1]s/pid; error_log stderr crit; worker_processes 1;
events { worker_connections 1000; }
http {
  access_log off; client_body_temp_path %[1]s; proxy_temp_path %[1]s; fastcgi_temp_path %[1]s; uwsgi_temp_path %[1]s; scgi_temp_path %[1]s;
  server { %[2]s ssl_certificate %[3]s; ssl_certificate_key %[4]s; location / { return 200 "hello"; } }
  server { %[5]s return 301 https://$host/; }
}
`, dir, tls.String(), cert, key, plain.String()))
	Start(t, secure, nginx, "-c", conf, "-p", dir, "-e", "stderr")
	return secure, clear
}

// Postfix starts a mail server that offers TLS on one port and none on the
// other. The settings are lines of main.cf.
func Postfix(t testing.TB, cert, key string, settings ...string) (port, bare int) {
	t.Helper()
	Root(t)
	postfix := Program(t, "postfix")
	dir := Open(t)
	port, bare = Port(t), Port(t)
	queue, data := mkdir(t, filepath.Join(dir, "queue")), mkdir(t, filepath.Join(dir, "data"))
	give(t, "postfix", data)
	Write(t, dir, "main.cf", fmt.Sprintf(`compatibility_level = 3.6
queue_directory = %s
data_directory = %s
myhostname = mail.clinic.example
inet_interfaces = loopback-only
inet_protocols = ipv4
maillog_file = %s/log
maillog_file_prefixes = %s
mydestination =
local_recipient_maps =
smtpd_tls_cert_file = %s
smtpd_tls_key_file = %s
smtpd_client_connection_count_limit = 0
%s
`, queue, data, dir, dir, cert, key, strings.Join(settings, "\n")))
	Write(t, dir, "master.cf", fmt.Sprintf(`127.0.0.1:%d inet n - n - - smtpd
127.0.0.1:%d inet n - n - - smtpd -o smtpd_tls_security_level=none
cleanup unix n - n - 0 cleanup
rewrite unix - - n - - trivial-rewrite
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
proxymap unix - - n - - proxymap
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
qmgr unix n - n 300 1 qmgr
pickup unix n - n 60 1 pickup
postlog unix-dgram n - n - 1 postlogd
`, port, bare))
	for _, f := range []string{"main.cf", "master.cf"} {
		if err := os.Chmod(filepath.Join(dir, f), 0o644); err != nil { //nolint:gosec // Postfix wants to read it as its own user
			t.Fatal(err)
		}
	}
	if out, err := exec.Command(postfix, "-c", dir, "check").CombinedOutput(); err != nil {
		t.Skipf("Postfix cannot be set up here: %v\n%s", err, out)
	}
	master := "/usr/lib/postfix/sbin/master"
	if !exists(master) {
		master = Program(t, "master")
	}
	Start(t, port, master, "-c", dir, "-d")
	return port, bare
}

// OpenLDAP starts a directory without data. The settings are lines of slapd.conf.
func OpenLDAP(t testing.TB, cert, key string, settings ...string) (plain, secure int) {
	t.Helper()
	slapd := Program(t, "slapd")
	dir := Open(t)
	plain, secure = Port(t), Port(t)
	urls := fmt.Sprintf("ldap://127.0.0.1:%d/", plain)
	lines := "pidfile " + dir + "/pid\n"
	if cert != "" {
		lines += "TLSCertificateFile " + cert + "\nTLSCertificateKeyFile " + key + "\n"
		urls += fmt.Sprintf(" ldaps://127.0.0.1:%d/", secure)
	}
	conf := Write(t, dir, "slapd.conf", lines+strings.Join(settings, "\n")+"\n")
	Start(t, plain, slapd, "-f", conf, "-h", urls, "-d", "0")
	return plain, secure
}

// PostgreSQL starts two databases without tables: one with TLS, one without.
func PostgreSQL(t testing.TB, cert, key string) (secure, bare int) {
	t.Helper()
	Root(t)
	initdb, postgres := Program(t, "initdb"), Program(t, "postgres")
	dir := Open(t)
	give(t, "postgres", dir)
	secure, bare = Port(t), Port(t)
	one, two := filepath.Join(dir, "one"), filepath.Join(dir, "two")
	for _, args := range [][]string{
		{initdb, "-D", one, "--auth=trust", "--no-sync", "--wal-segsize=1"},
		{"cp", "-r", one, two}, // setting up takes seconds
	} {
		if out, err := exec.Command("runuser", append([]string{"-u", "postgres", "--"}, args...)...).CombinedOutput(); err != nil {
			t.Skipf("PostgreSQL cannot be set up here: %v\n%s", err, out)
		}
	}
	c, k := copied(t, dir, cert), copied(t, dir, key)
	give(t, "postgres", c, k)
	run := func(data string, port int, settings ...string) {
		args := []string{"-u", "postgres", "--", postgres, "-D", data, "-p", strconv.Itoa(port), "-c", "listen_addresses=127.0.0.1", "-k", dir, "-c", "fsync=off"}
		for _, s := range settings {
			args = append(args, "-c", s)
		}
		Start(t, port, "runuser", args...)
	}
	run(one, secure, "ssl=on", "ssl_cert_file="+c, "ssl_key_file="+k)
	run(two, bare)
	return secure, bare
}

func copied(t testing.TB, dir, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return Write(t, dir, filepath.Base(file), string(b))
}

// Dovecot starts a mailbox server with IMAP and POP3. It listens on 127.0.0.2 as
// well: to a client with its own address it takes passwords in clear whatever
// its settings say.
func Dovecot(t testing.TB, cert, key string, settings ...string) (imap, pop3, imaps int) {
	t.Helper()
	Root(t)
	dovecot := Program(t, "dovecot")
	dir := Open(t)
	imap, pop3, imaps = Port(t), Port(t), Port(t)
	conf := Write(t, dir, "dovecot.conf", fmt.Sprintf(`
base_dir = %[1]s/run
state_dir = %[1]s/state
log_path = %[1]s/log
protocols = imap pop3
listen = 127.0.0.1, 127.0.0.2
ssl_cert = <%[2]s
ssl_key = <%[3]s
passdb {
  driver = passwd-file
  args = %[1]s/users
}
userdb {
  driver = passwd-file
  args = %[1]s/users
}
service imap-login {
  inet_listener imap {
    port = %[4]d
  }
  inet_listener imaps {
    port = %[6]d
    ssl = yes
  }
}
service pop3-login {
  inet_listener pop3 {
    port = %[5]d
  }
  inet_listener pop3s {
    port = 0
  }
}
%[7]s
`, dir, cert, key, imap, pop3, imaps, strings.Join(settings, "\n")))
	Write(t, dir, "users", "")
	Start(t, imap, dovecot, "-F", "-c", conf)
	return imap, pop3, imaps
}

// MariaDB starts a database without tables.
func MariaDB(t testing.TB, cert, key string) int {
	t.Helper()
	Root(t)
	mariadbd := Program(t, "mariadbd")
	dir, port := Open(t), Port(t)
	data := mkdir(t, filepath.Join(dir, "data"))
	args := []string{
		"--no-defaults", "--datadir=" + data, "--bind-address=127.0.0.1", "--port=" + strconv.Itoa(port), "--socket=" + dir + "/sock", "--user=root",
		"--skip-grant-tables", "--skip-networking=0", "--skip-log-bin", "--innodb-flush-log-at-trx-commit=0", "--pid-file=" + dir + "/pid",
		"--innodb-log-file-size=4M", "--innodb-buffer-pool-size=8M", "--key-buffer-size=64K",
	}
	if cert != "" {
		args = append(args, "--ssl-cert="+cert, "--ssl-key="+key)
	}
	Start(t, port, mariadbd, args...)
	return port
}

// OpenSSH starts an SSH server. The settings are lines of sshd_config; kinds are
// the host keys it has.
func OpenSSH(t testing.TB, kinds []string, settings ...string) int {
	t.Helper()
	Root(t)
	sshd := Program(t, "sshd")
	dir, port := Open(t), Port(t)
	_ = os.MkdirAll("/run/sshd", 0o755) //nolint:gosec // the server's own folder of the system, which it wants to be there
	lines := fmt.Sprintf("Port %d\nPidFile none\nUsePAM no\n", port)
	if !slices.ContainsFunc(settings, func(s string) bool { return strings.HasPrefix(s, "ListenAddress") }) {
		lines += "ListenAddress 127.0.0.1\n"
	}
	for _, kind := range kinds {
		file := filepath.Join(dir, "key_"+kind)
		name, bits, _ := strings.Cut(kind, ":")
		args := []string{"-q", "-t", name, "-N", "", "-f", file}
		if bits != "" {
			args = append(args, "-b", bits)
		}
		if out, err := exec.Command(Program(t, "ssh-keygen"), args...).CombinedOutput(); err != nil {
			t.Fatalf("make a host key: %v\n%s", err, out)
		}
		lines += "HostKey " + file + "\n"
	}
	conf := Write(t, dir, "sshd_config", lines+strings.Join(settings, "\n")+"\n")
	Start(t, port, sshd, "-D", "-e", "-f", conf)
	return port
}

// DICOM starts dcmtk's receiver of images.
func DICOM(t testing.TB, args ...string) int {
	t.Helper()
	storescp := Program(t, "storescp")
	port := Port(t)
	Start(t, port, storescp, append(args, "--output-directory", Open(t), strconv.Itoa(port))...)
	return port
}

// XRDP starts a terminal server with a security layer: tls, negotiate or rdp.
func XRDP(t testing.TB, cert, key, layer string) int {
	t.Helper()
	Root(t)
	xrdp := Program(t, "xrdp")
	dir, port := Open(t), Port(t)
	conf := Write(t, dir, "xrdp.ini", fmt.Sprintf(`[Globals]
ini_version=1
fork=true
port=tcp://127.0.0.1:%d
security_layer=%s
crypt_level=high
certificate=%s
key_file=%s
ssl_protocols=TLSv1.2, TLSv1.3
[Logging]
LogFile=%s/log
LogLevel=INFO
EnableSyslog=false
[Xorg]
name=Xorg
lib=libxup.so
`, port, layer, cert, key, dir))
	Start(t, port, xrdp, "--nodaemon", "--config", conf)
	return port
}

// FTP starts vsftpd. The settings are lines of its configuration.
func FTP(t testing.TB, settings ...string) int {
	t.Helper()
	Root(t)
	vsftpd := Program(t, "vsftpd")
	dir, port := Open(t), Port(t)
	conf := Write(t, dir, "vsftpd.conf", fmt.Sprintf("listen=YES\nlisten_address=127.0.0.1\nlisten_port=%d\nbackground=NO\nlocal_enable=YES\nanonymous_enable=NO\nseccomp_sandbox=NO\nsecure_chroot_dir=%s\n%s\n",
		port, mkdir(t, filepath.Join(dir, "empty")), strings.Join(settings, "\n")))
	Start(t, port, vsftpd, conf)
	return port
}

// SNMP starts net-snmp's agent with the community.
func SNMP(t testing.TB, community string) int {
	t.Helper()
	snmpd := Program(t, "snmpd")
	dir, port := Open(t), Port(t)
	conf := Write(t, dir, "snmpd.conf", "rocommunity "+community+" 127.0.0.1\nsysDescr Ward printer, third floor\n")
	// It has no TCP port to wait for; one for the test's sake tells that it is up.
	Start(t, port, snmpd, "-f", "-Lo", "-C", "-c", conf, "-p", dir+"/pid", fmt.Sprintf("udp:127.0.0.1:%d", port), fmt.Sprintf("tcp:127.0.0.1:%d", port))
	return port
}
