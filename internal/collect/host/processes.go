package host

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/asepsis/asepsis/internal/collect/host/proc"
)

// process is a running program. Its number is never reported: it says nothing
// that holds tomorrow.
type process struct {
	pid  int
	name string
}

// running is what runs on the machine.
type running struct {
	all   []process
	names map[string]bool
	// blind says why a program that is not listed may well be running; "" if
	// none is hidden.
	blind string
}

// has reports whether one of the programs runs.
func (r running) has(names ...string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return r.names[n] })
}

// programs lists what runs. A machine may show us our own processes alone (the
// hidepid option of /proc); then the first process is not among them.
func programs(t Tree) running {
	r := running{names: map[string]bool{}, blind: "other users' programs are hidden from us: needs root"}
	dirs, err := t.Dir("/proc")
	if err != nil {
		r.blind = "the programs that run are not visible"
		return r
	}
	for _, n := range dirs {
		pid, err := strconv.Atoi(n)
		if err != nil {
			continue
		}
		p := process{pid: pid, name: programName(t, "/proc/"+n)}
		if p.name == "" {
			continue
		}
		if pid == 1 {
			r.blind = ""
		}
		r.all = append(r.all, p)
		r.names[p.name] = true
	}
	if len(r.all) == 0 {
		r.blind = "the programs that run are not visible"
	}
	return r
}

// programName prefers the file that runs over the 15 letters the kernel keeps;
// the file's name is visible to root and the owner only, so a script and a
// cut name are told by the first word of the command line.
func programName(t Tree, dir string) string {
	comm := t.Line(dir + "/comm")
	if len(comm) < 15 {
		return comm
	}
	b, err := t.ReadMax(dir+"/cmdline", 1<<20)
	if err != nil {
		return comm
	}
	first, _, _ := strings.Cut(string(b), "\x00")
	first, _, _ = strings.Cut(first, " ")
	if base := path.Base(first); strings.HasPrefix(base, comm) {
		return base
	}
	return comm
}

// owners maps socket inodes to the program that holds them. Without root only
// our own processes show their descriptors. Where several hold a socket, the
// oldest does: a server forks its workers.
func owners(m *machine, ps []process) map[uint64]string {
	by := map[uint64]string{}
	ps = slices.Clone(ps)
	slices.SortFunc(ps, func(a, b process) int { return a.pid - b.pid })
	for _, p := range ps {
		dir := "/proc/" + strconv.Itoa(p.pid) + "/fd"
		fds, err := m.tree.Dir(dir)
		if err != nil {
			continue
		}
		for _, fd := range fds {
			link, err := m.tree.Link(dir + "/" + fd)
			if err != nil {
				continue
			}
			if inode, ok := proc.SocketInode(link); ok {
				if _, taken := by[inode]; !taken || by[inode] == "systemd" {
					by[inode] = p.name
				}
			}
		}
	}
	return by
}
