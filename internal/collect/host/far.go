package host

import (
	"path"
	"slices"

	"github.com/asepsis/asepsis/internal/collect/host/proc"
)

// farFilesystems are on other machines, or are not files at all. Touching one
// whose server is gone can hold a program up for good, and touching an
// automatic mount point mounts it.
var farFilesystems = []string{
	"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "fuse.sshfs", "autofs", "proc", "sysfs", "fuse.rclone", "virtiofs",
}

// far holds the mount points of file systems that are not to be touched.
type far map[string]bool

func farMounts(t Tree) far {
	f := far{}
	if b, err := t.Read("/proc/self/mountinfo"); err == nil {
		for _, mt := range proc.ParseMounts(b) {
			if slices.Contains(farFilesystems, mt.Filesystem) {
				f[mt.Point] = true
			}
		}
	}
	return f
}

// holds reports whether a name lies on such a file system.
func (f far) holds(name string) bool {
	for dir := path.Clean(name); ; dir = path.Dir(dir) {
		if f[dir] {
			return true
		}
		if dir == "/" || dir == "." {
			return false
		}
	}
}
