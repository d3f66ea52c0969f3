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

// programs lists what runs. hidden is true if the machine shows us our own
// processes alone (the hidepid option of /proc), so that an absent program may
// well be running.
func programs(m *machine) (ps []process, hidden bool, err error) {
	names, err := m.tree.Dir("/proc")
	if err != nil {
		return nil, false, err
	}
	hidden = true
	for _, n := range names {
		pid, err := strconv.Atoi(n)
		if err != nil {
			continue
		}
		p := process{pid: pid, name: programName(m, "/proc/"+n)}
		if p.name == "" {
			continue
		}
		hidden = hidden && pid != 1
		ps = append(ps, p)
	}
	return ps, hidden, nil
}

// programName prefers the file that runs over the 15 letters the kernel keeps;
// the file's name is visible to root and the owner only, so a script and a
// cut name are told by the first word of the command line.
func programName(m *machine, dir string) string {
	comm := m.tree.Line(dir + "/comm")
	if len(comm) < 15 {
		return comm
	}
	b, err := m.tree.ReadMax(dir+"/cmdline", 1<<20)
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

func names(ps []process) map[string]bool {
	set := make(map[string]bool, len(ps))
	for _, p := range ps {
		set[p.name] = true
	}
	return set
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
