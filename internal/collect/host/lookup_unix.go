//go:build !windows

package host

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

func lookup(name string) (string, error) {
	if filepath.IsAbs(name) { // macOS keeps some tools outside of all search paths
		if fi, err := os.Stat(name); err == nil && fi.Mode().IsRegular() {
			return name, nil
		}
		return "", fmt.Errorf("%s: %w", name, exec.ErrNotFound)
	}
	for _, dir := range searchPath {
		if fi, err := os.Stat(dir + name); err == nil && fi.Mode().IsRegular() && fi.Mode()&0o111 != 0 {
			return dir + name, nil
		}
	}
	return "", fmt.Errorf("%s: %w", name, exec.ErrNotFound)
}

func systemEnv() []string { return []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"} }
