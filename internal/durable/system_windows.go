package durable

import (
	"os"

	"golang.org/x/sys/windows"
)

// replace and place ask Windows to bring the move to the disk before it
// returns, which is what syncing the folder does elsewhere.
func replace(from, to string) error {
	return move(from, to, windows.MOVEFILE_REPLACE_EXISTING|windows.MOVEFILE_WRITE_THROUGH)
}

func place(from, to string) error { return move(from, to, windows.MOVEFILE_WRITE_THROUGH) }

func move(from, to string, flags uint32) error {
	f, err := windows.UTF16PtrFromString(from)
	if err != nil {
		return err
	}
	t, err := windows.UTF16PtrFromString(to)
	if err != nil {
		return err
	}
	if err := windows.MoveFileEx(f, t, flags); err != nil {
		return &os.LinkError{Op: "move", Old: from, New: to, Err: err}
	}
	return nil
}

// syncDir has nothing to do: Windows cannot sync a folder, and need not, since
// NTFS keeps its names in a journal.
func syncDir(string) error { return nil }
