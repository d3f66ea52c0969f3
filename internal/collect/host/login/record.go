package login

import (
	"bytes"
	"encoding/binary"
	"time"
)

// LastlogSize is the size of one record of /var/log/lastlog. The record of a
// user lies at UID × LastlogSize; the file is sparse.
const LastlogSize = 292

// ParseLastlog returns when a record says its user signed in last, or the zero time.
func ParseLastlog(record []byte) time.Time {
	if len(record) < LastlogSize {
		return time.Time{}
	}
	return stamp(binary.LittleEndian.Uint32(record))
}

// utmpSize is the size of one record of wtmp(5) on Linux, 32 and 64 bit alike.
const utmpSize = 384

// userProcess marks a record of a person's session.
const userProcess = 7

// ParseWtmp returns the newest sign-in of each user in /var/log/wtmp or its tail.
func ParseWtmp(b []byte) map[string]time.Time {
	last := map[string]time.Time{}
	for ; len(b) >= utmpSize; b = b[utmpSize:] {
		if binary.LittleEndian.Uint16(b) != userProcess {
			continue
		}
		name, _, _ := bytes.Cut(b[44:76], []byte{0})
		at := stamp(binary.LittleEndian.Uint32(b[340:]))
		if len(name) > 0 && !at.IsZero() && at.After(last[string(name)]) && len(last) < maxEntries {
			last[string(name)] = at
		}
	}
	return last
}

func stamp(seconds uint32) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0).UTC()
}
