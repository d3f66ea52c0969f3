package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect/host/login"
	"github.com/asepsis/asepsis/internal/fact"
)

// adminGroups are groups whose members can become root without sudo rights of
// their own: the daemons of containers and virtual machines run what they are
// told as root, disk reads and writes the raw volumes.
var adminGroups = []string{"docker", "lxd", "incus-admin", "libvirt", "disk"}

// maxWtmp is how much of the record of sign-ins is read, from its end.
const maxWtmp = 8 << 20

// accounts reads who may sign in, with which rights.
func accounts(_ context.Context, m *machine, s *section) {
	b, err := m.tree.Read("/etc/passwd")
	if err != nil {
		s.note("accounts", why(err))
		return
	}
	users := login.ParsePasswd(b)
	b, _ = m.tree.Read("/etc/group")
	groups := login.ParseGroup(b)
	b, _ = m.tree.Read("/etc/login.defs")
	defs := login.ParseDefs(b)
	if b, err := m.tree.Read("/etc/nsswitch.conf"); err == nil {
		if dirs := login.Directory(b, "passwd"); len(dirs) > 0 {
			s.note("accounts of the directory", fmt.Sprintf("this machine also asks %s for accounts; import them from there", strings.Join(dirs, ", ")))
		}
		if dirs := login.Directory(b, "sudoers"); len(dirs) > 0 {
			s.note("sudo rights", fmt.Sprintf("this machine also asks %s for sudo rules, which are not read", strings.Join(dirs, ", ")))
		}
	}
	shadow, shadowErr := secrets(m)
	if shadowErr != nil {
		s.note("passwords of local accounts", "/etc/shadow: "+why(shadowErr))
	}
	sudo, sudoErr := sudoers(m)
	if sudoErr != nil {
		s.note("sudo rights", "/etc/sudoers: "+why(sudoErr))
	}
	if m.tree.Exists("/etc/doas.conf") {
		s.note("rights by doas", "/etc/doas.conf is not read; an account may have more rights than shown")
	}
	logins := newSignIns(m, s)
	defer logins.close()
	away := farMounts(m.tree)
	host := hostName(m)
	for _, u := range users {
		a := account{user: u, defs: defs, secretErr: shadowErr, sudoErr: sudoErr}
		a.groups, a.gids = groupsOf(u, groups)
		if sec, ok := shadow[u.Name]; ok {
			a.secret = &sec
		}
		if sudo != nil {
			a.rights = sudo.Of(login.Subject{Name: u.Name, UID: u.UID, Groups: a.groups, GIDs: a.gids}, host)
		}
		a.keys, a.keysErr = hasKeys(m, u, away)
		a.lastLogin, a.noLogin = logins.of(u)
		vs, missing := a.facts(m.now)
		s.fact(fact.KindAccount, u.Name, vs, missing)
	}
}

// account is what is known of one local account before it is judged.
type account struct {
	user      login.User
	defs      login.Defs
	groups    []string
	gids      []int64
	secret    *login.Secret
	secretErr error
	rights    login.Rights
	sudoErr   error
	keys      bool // has an SSH key that opens it
	keysErr   error
	lastLogin time.Time
	noLogin   string // why there is no last sign-in
}

func (a account) kind(interactive bool) string {
	switch {
	case a.user.UID == 0:
		return "system"
	case a.user.UID >= a.defs.UIDMin && a.user.UID <= a.defs.UIDMax && interactive:
		return "person"
	case a.user.UID >= a.defs.UIDMin && a.user.UID <= a.defs.UIDMax, interactive && a.user.UID < 65534:
		return "service"
	}
	return "system"
}

func (a account) facts(now time.Time) (fact.Values, map[string]string) {
	interactive := login.Interactive(a.user.Shell)
	vs := fact.Values{
		"name": a.user.Name, "directory": "local", "type": a.kind(interactive), "interactive": interactive, "groups": sorted(a.groups),
	}
	missing := map[string]string{}
	if full, _, _ := strings.Cut(a.user.Gecos, ","); full != "" {
		vs["display_name"] = full
	}
	admin := a.user.UID == 0 || slices.ContainsFunc(a.groups, func(g string) bool { return slices.Contains(adminGroups, g) })
	if a.sudoErr != nil {
		missing["sudo"], missing["sudo_without_password"] = "/etc/sudoers: "+why(a.sudoErr), "/etc/sudoers: "+why(a.sudoErr)
		// Membership of the groups that distributions give all rights to is telling enough.
		if admin || slices.Contains(a.groups, "sudo") || slices.Contains(a.groups, "wheel") {
			vs["privileged"] = true
		} else {
			missing["privileged"] = "/etc/sudoers: " + why(a.sudoErr)
		}
	} else {
		vs["sudo"], vs["sudo_without_password"] = a.rights.Any, a.rights.NoPasswd
		vs["privileged"] = admin || a.rights.All
	}
	a.password(vs, missing, now, interactive)
	if !a.lastLogin.IsZero() {
		vs["last_login_at"] = a.lastLogin
	} else {
		missing["last_login_at"] = a.noLogin
	}
	return vs, missing
}

// password states what the shadow file says. An account can sign in if it has
// a session to sign in to and something opens it: a password, or an SSH key.
func (a account) password(vs fact.Values, missing map[string]string, now time.Time, interactive bool) {
	if a.secretErr != nil || a.secret == nil {
		reason := "the account has no line in /etc/shadow"
		if a.secretErr != nil {
			reason = "/etc/shadow: " + why(a.secretErr)
		}
		for _, n := range []string{"password_hash", "password_empty", "password_set_at", "password_never_expires"} {
			missing[n] = reason
		}
		if !interactive {
			vs["enabled"] = false
		} else {
			missing["enabled"] = reason
		}
		return
	}
	vs["password_hash"], vs["password_empty"] = a.secret.Scheme, a.secret.Empty
	vs["password_never_expires"] = a.secret.MaxDays == 0
	if !a.secret.SetAt.IsZero() {
		vs["password_set_at"] = a.secret.SetAt
	}
	expired := !a.secret.ExpiresAt.IsZero() && !now.Before(a.secret.ExpiresAt)
	switch {
	case !interactive || expired:
		vs["enabled"] = false
	case a.secret.Usable || a.keys:
		vs["enabled"] = true
	case a.keysErr != nil:
		missing["enabled"] = "SSH keys of the account: " + why(a.keysErr)
	default:
		vs["enabled"] = false
	}
}

func groupsOf(u login.User, groups []login.Group) (names []string, gids []int64) {
	gids = []int64{u.GID}
	for _, g := range groups {
		if g.GID == u.GID || slices.Contains(g.Members, u.Name) {
			names = append(names, g.Name)
			gids = append(gids, g.GID)
		}
	}
	return names, gids
}

func secrets(m *machine) (map[string]login.Secret, error) {
	b, err := m.tree.Read("/etc/shadow")
	if err != nil {
		return nil, err
	}
	by := map[string]login.Secret{}
	for _, sec := range login.ParseShadow(b) {
		by[sec.Name] = sec
	}
	return by, nil
}

// sudoers reads the file and all it includes. No sudo on the machine means no rights by it.
func sudoers(m *machine) (*login.Sudoers, error) {
	return sudoersFile(m, "/etc/sudoers", 8)
}

func sudoersFile(m *machine, name string, depth int) (*login.Sudoers, error) {
	b, err := m.tree.Read(name)
	if errors.Is(err, os.ErrNotExist) || depth == 0 {
		return login.ParseSudoers(nil), nil
	}
	if err != nil {
		return nil, err
	}
	s := login.ParseSudoers(b)
	for _, inc := range s.Includes() {
		p := strings.ReplaceAll(inc.Path, "%h", hostName(m))
		if !path.IsAbs(p) {
			p = path.Join(path.Dir(name), p)
		}
		files := []string{p}
		if inc.Dir {
			files = nil
			names, err := m.tree.Dir(p)
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				return nil, err
			}
			for _, n := range names { // sudo skips these: editors and packages leave them
				if !strings.HasSuffix(n, "~") && !strings.Contains(n, ".") {
					files = append(files, path.Join(p, n))
				}
			}
		}
		for _, f := range files {
			o, err := sudoersFile(m, f, depth-1)
			if err != nil {
				return nil, err
			}
			s.Add(o)
		}
	}
	return s, nil
}

// hasKeys reports whether an SSH key opens the account. Only the presence of a
// key is looked at, in the two places OpenSSH looks by itself.
func hasKeys(m *machine, u login.User, away far) (bool, error) {
	if u.Home == "" || u.Home == "/nonexistent" || !login.Interactive(u.Shell) {
		return false, nil
	}
	if away.holds(u.Home) {
		return false, errors.New("the home folder is on another machine, which is not touched")
	}
	var failed error
	for _, name := range []string{"authorized_keys", "authorized_keys2"} {
		b, err := m.tree.ReadMax(path.Join(u.Home, ".ssh", name), 4<<20)
		switch {
		case errors.Is(err, os.ErrPermission):
			failed = err
		case err != nil:
		default:
			for line := range strings.Lines(string(b)) {
				if l := strings.TrimSpace(line); l != "" && l[0] != '#' {
					return true, nil
				}
			}
		}
	}
	return false, failed
}

// signIns answers when somebody signed in last, from the two records Linux keeps.
type signIns struct {
	layout  login.Layout
	lastlog *os.File
	wtmp    map[string]time.Time
	why     string
}

func newSignIns(m *machine, s *section) signIns {
	r := signIns{layout: login.LayoutOf(runtime.GOARCH)}
	f, errLast := m.tree.Open("/var/log/lastlog")
	if errLast == nil {
		r.lastlog = f
	}
	b, errWtmp := tail(m.tree, "/var/log/wtmp", maxWtmp, int64(r.layout.Wtmp))
	if errWtmp == nil {
		r.wtmp = r.layout.ParseWtmp(b)
	}
	switch {
	case errLast == nil:
		r.why = "no sign-in on record"
	case m.tree.Exists("/var/lib/lastlog/lastlog2.db"):
		r.why = "this system keeps sign-ins in a database we do not read (lastlog2)"
		s.note("last sign-in of local accounts", r.why)
	case errWtmp == nil:
		r.why = "no sign-in on record"
	default:
		r.why = "the record of sign-ins (/var/log/wtmp, /var/log/lastlog): " + why(errWtmp)
		s.note("last sign-in of local accounts", r.why)
	}
	return r
}

func (r signIns) close() {
	if r.lastlog != nil {
		_ = r.lastlog.Close()
	}
}

func (r signIns) of(u login.User) (time.Time, string) {
	at := r.wtmp[u.Name]
	if r.lastlog != nil && u.UID >= 0 && u.UID < 1<<32 {
		rec := make([]byte, r.layout.Lastlog)
		if n, _ := r.lastlog.ReadAt(rec, u.UID*int64(len(rec))); n == len(rec) {
			if t := r.layout.ParseLastlog(rec); t.After(at) {
				at = t
			}
		}
	}
	return at, r.why
}

// tail reads the last bytes of a file of records, cut at a record's start.
func tail(t Tree, name string, limit, record int64) ([]byte, error) {
	f, err := t.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return nil, err
	}
	from := max(0, fi.Size()-limit)
	from += (record - from%record) % record
	b := make([]byte, max(0, fi.Size()-from))
	n, err := f.ReadAt(b, from)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b[:n], nil
}

// passwordRules reads what the machine asks of passwords.
func passwordRules(_ context.Context, m *machine, s *section) {
	pam := func(name string) []byte {
		for _, dir := range []string{"/etc/pam.d/", "/usr/lib/pam.d/"} {
			if b, err := m.tree.Read(dir + path.Base(name)); err == nil {
				return b
			}
		}
		return nil
	}
	stack := func(names ...string) []login.Module {
		for _, n := range names {
			if b := pam(n); b != nil {
				return login.ParsePAM(b, pam)
			}
		}
		return nil
	}
	b, err := m.tree.Read("/etc/login.defs")
	if err != nil {
		s.miss("/etc/login.defs: "+why(err), "password_max_age_days")
	}
	auth := stack("common-auth", "system-auth", "base-auth", "login")
	password := stack("common-password", "password-auth", "system-auth", "base-password", "passwd")
	quality := login.ParseOptions(readAll(m.tree, append([]string{"/etc/security/pwquality.conf"}, m.tree.Glob("/etc/security/pwquality.conf.d/*.conf")...)))
	lock := login.ParseOptions(readAll(m.tree, []string{"/etc/security/faillock.conf"}))
	rules := login.Judge(auth, password, quality, lock, login.ParseDefs(b))
	if err == nil {
		s.set("password_max_age_days", rules.MaxAgeDays)
	}
	if len(password) == 0 {
		s.miss("no PAM stack for changing passwords", "password_min_length")
	} else if rules.MinLength == 0 {
		s.miss("no module that we know checks the length of passwords", "password_min_length")
	} else {
		s.set("password_min_length", rules.MinLength)
	}
	if len(auth) == 0 {
		s.miss("no PAM stack for signing in", "password_lockout_attempts")
	} else {
		s.set("password_lockout_attempts", rules.Lockout)
	}
}

// readAll joins the files that can be read.
func readAll(t Tree, files []string) []byte {
	var all []byte
	for _, f := range files {
		if b, err := t.Read(f); err == nil {
			all = append(append(all, b...), '\n')
		}
	}
	return all
}
