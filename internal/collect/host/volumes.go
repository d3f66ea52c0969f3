package host

import (
	"context"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/asepsis/asepsis/internal/collect/host/proc"
	"github.com/asepsis/asepsis/internal/fact"
)

// storageFilesystems keep data on a device of the machine. All others are the
// kernel's own views, memory, or another machine's storage.
var storageFilesystems = []string{
	"ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "jfs", "reiserfs", "bcachefs", "nilfs2", "vfat", "exfat", "ntfs", "ntfs3", "fuseblk", "hfsplus", "apfs", "ufs",
}

// maxStack bounds how deep storage may be stacked: a file system on LVM on
// LUKS on RAID on partitions is five.
const maxStack = 12

// volumes reads what stores data and whether it is encrypted at rest.
func volumes(ctx context.Context, m *machine, s *section) {
	b, err := m.tree.Read("/proc/self/mountinfo")
	if err != nil {
		if b, err = m.tree.Read("/proc/1/mountinfo"); err != nil {
			s.note("storage volumes", "/proc/self/mountinfo: "+why(err))
			s.miss("/proc/self/mountinfo: "+why(err), "disk_encrypted")
			return
		}
	}
	virtual, _ := virtualMachine(m, m.tree.Line("/sys/class/dmi/id/sys_vendor"), m.tree.Line("/sys/class/dmi/id/product_name"))
	mounts := proc.ParseMounts(b)
	container := false
	for _, mt := range mounts {
		container = container || mt.Point == "/" && (mt.Filesystem == "overlay" || mt.Filesystem == "aufs")
	}
	if container {
		s.miss("a container: the disks belong to its host", "disk_encrypted")
		s.note("disk encryption", "a container: the disks belong to its host; run the collector there")
	}
	d := disks{m: m, virtual: virtual}
	all, unknown := true, ""
	count := 0
	for _, mt := range primaryMounts(mounts) {
		v := d.volume(ctx, mt)
		s.fact(fact.KindVolume, mt.Point, v.values(), v.missing())
		if !v.holdsData {
			continue
		}
		count++
		if v.why != "" {
			unknown = mt.Point + ": " + v.why
		} else {
			all = all && v.encrypted
		}
	}
	if b, err := m.tree.Read("/proc/swaps"); err == nil {
		for _, sw := range proc.ParseSwaps(b) {
			if sw.Type != "partition" || strings.HasPrefix(path.Base(sw.Device), "zram") {
				continue // a swap file lies on a volume above; zram is memory
			}
			v := d.swap(sw)
			s.fact(fact.KindVolume, "swap "+sw.Device, v.values(), v.missing())
			count++
			if v.why != "" {
				unknown = "swap: " + v.why
			} else {
				all = all && v.encrypted
			}
		}
	}
	switch {
	case container || count == 0:
		s.miss("no volume that holds data is visible", "disk_encrypted")
	case !all:
		s.set("disk_encrypted", false)
	case unknown != "":
		s.miss(unknown, "disk_encrypted")
	default:
		s.set("disk_encrypted", true)
	}
}

// primaryMounts keeps one mount a file system: bind mounts show parts of it
// again. The one of its whole root wins, then the shortest path.
func primaryMounts(mounts []proc.Mount) []proc.Mount {
	best := map[string]proc.Mount{}
	for _, mt := range mounts {
		if !slices.Contains(storageFilesystems, mt.Filesystem) {
			continue
		}
		id := mt.Source // btrfs and zfs have no device number of their own
		if !strings.HasPrefix(mt.Device, "0:") {
			id = mt.Device
		}
		have, ok := best[id]
		if !ok || better(mt, have) {
			best[id] = mt
		}
	}
	out := make([]proc.Mount, 0, len(best))
	for _, mt := range best {
		out = append(out, mt)
	}
	slices.SortFunc(out, func(a, b proc.Mount) int { return strings.Compare(a.Point, b.Point) })
	return slices.CompactFunc(out, func(a, b proc.Mount) bool { return a.Point == b.Point })
}

func better(a, b proc.Mount) bool {
	if (a.Root == "/") != (b.Root == "/") {
		return a.Root == "/"
	}
	if len(a.Point) != len(b.Point) {
		return len(a.Point) < len(b.Point)
	}
	return a.Point < b.Point
}

type volume struct {
	mount, device, filesystem string
	options                   []string
	encrypted                 bool
	encryption                string
	why                       string // why it is not known whether it is encrypted
	removable                 bool
	holdsData                 bool
	size                      int64
}

func (v *volume) values() fact.Values {
	vs := fact.Values{"mount": v.mount, "device": v.device, "filesystem": v.filesystem, "holds_data": v.holdsData, "removable": v.removable}
	if v.options != nil {
		vs["options"] = sorted(v.options)
	}
	if v.size > 0 {
		vs["size_bytes"] = v.size
	}
	if v.encryption != "" {
		vs["encryption"] = v.encryption
	}
	if v.why == "" {
		vs["encrypted"] = v.encrypted
	}
	return vs
}

func (v *volume) missing() map[string]string {
	if v.why == "" {
		return nil
	}
	return map[string]string{"encrypted": v.why, "encryption": v.why}
}

// disks answers questions about block devices from /sys.
type disks struct {
	m       *machine
	virtual bool
}

// block returns the folder of /sys that describes a device.
func (d disks) block(mt proc.Mount) string {
	if !strings.HasPrefix(mt.Device, "0:") {
		if dir := "/sys/dev/block/" + mt.Device; d.m.tree.Exists(dir) {
			return dir
		}
	}
	return d.named(mt.Source)
}

// named finds a device by its file: /dev/sda2, /dev/mapper/vg-root.
func (d disks) named(source string) string {
	t := d.m.tree
	base := path.Base(source)
	if strings.HasPrefix(source, "/dev/mapper/") {
		for _, dir := range t.Glob("/sys/block/dm-*") {
			if t.Line(dir+"/dm/name") == base {
				return dir
			}
		}
	}
	if to, err := t.Link(source); err == nil {
		base = path.Base(to)
	}
	if dir := "/sys/class/block/" + base; strings.HasPrefix(source, "/dev/") && t.Exists(dir) {
		return dir
	}
	return ""
}

// encryptedBelow walks down a stack of devices: dm-crypt names itself by the
// beginning of its uuid; what lies on several devices is encrypted if all are.
func (d disks) encryptedBelow(dir string, depth int) (encrypted bool, how string) {
	t := d.m.tree
	if uuid := t.Line(dir + "/dm/uuid"); strings.HasPrefix(uuid, "CRYPT-") {
		return true, "luks" // plain dm-crypt and BitLocker by cryptsetup come by the same door
	}
	slaves, _ := t.Dir(dir + "/slaves")
	if len(slaves) == 0 || depth == 0 {
		return false, ""
	}
	for _, s := range slaves {
		ok, kind := d.encryptedBelow(dir+"/slaves/"+s, depth-1)
		if !ok {
			return false, ""
		}
		how = kind
	}
	return true, how
}

func (d disks) fill(v *volume, dir string) {
	t := d.m.tree
	if n, err := strconv.ParseInt(t.Line(dir+"/size"), 10, 64); err == nil && n < 1<<52 {
		v.size = n * 512 // /sys counts in sectors of 512 bytes whatever the disk's own
	}
	for _, at := range []string{dir, dir + "/.."} {
		if t.Line(at+"/removable") == "1" {
			v.removable = true
		}
	}
	v.encrypted, v.encryption = d.encryptedBelow(dir, maxStack)
	if v.encrypted {
		return
	}
	v.encryption = "none"
	if d.virtual {
		v.encryption = ""
		v.why = "a virtual disk that this system does not encrypt; whether the machine below it does cannot be seen from inside"
	}
}

func (d disks) volume(ctx context.Context, mt proc.Mount) *volume {
	v := &volume{mount: mt.Point, device: mt.Source, filesystem: mt.Filesystem, options: mt.Options}
	v.holdsData = mt.Point != "/boot" && mt.Point != "/efi" && !strings.HasPrefix(mt.Point, "/boot/")
	if mt.Filesystem == "zfs" {
		d.zfs(ctx, mt, v)
		return v
	}
	dir := d.block(mt)
	if dir == "" {
		v.why = "the device is not visible from here"
		return v
	}
	d.fill(v, dir)
	if !v.encrypted && d.m.tree.Exists(path.Join(mt.Point, ".fscrypt")) {
		v.encryption, v.why = "fscrypt", "some of its folders may be encrypted, the volume as a whole is not"
	}
	return v
}

func (d disks) swap(sw proc.Swap) *volume {
	v := &volume{mount: "swap", device: sw.Device, filesystem: "swap", holdsData: true}
	dir := d.named(sw.Device)
	if dir == "" {
		v.why = "the device is not visible from here"
		return v
	}
	d.fill(v, dir)
	return v
}

// zfs asks the file system itself: its datasets have no block device.
func (d disks) zfs(ctx context.Context, mt proc.Mount, v *volume) {
	out, err := d.m.runner.Run(ctx, "zfs", "get", "-H", "-o", "value", "encryption", mt.Source)
	if err != nil {
		v.why = "zfs gives no answer: " + why(err)
		return
	}
	switch s := strings.TrimSpace(string(out)); s {
	case "off", "-", "":
		v.encryption = "none"
		if d.virtual {
			v.encryption, v.why = "", "a virtual disk that this system does not encrypt; whether the machine below it does cannot be seen from inside"
		}
	default:
		v.encrypted, v.encryption = true, "zfs"
	}
}
