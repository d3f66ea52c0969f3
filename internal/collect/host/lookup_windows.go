package host

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// lookup finds a program of Windows itself, by its place below the system
// folder: "WindowsPowerShell\v1.0\powershell.exe".
func lookup(name string) (string, error) {
	file := filepath.Join(os.Getenv("SystemRoot"), "System32", name)
	if fi, err := os.Stat(file); err == nil && fi.Mode().IsRegular() {
		return file, nil
	}
	return "", fmt.Errorf("%s: %w", name, exec.ErrNotFound)
}

// systemEnv is the little that PowerShell needs to start.
func systemEnv() []string {
	var env []string
	for _, name := range []string{"SystemRoot", "windir", "TEMP", "TMP", "ProgramData", "ProgramFiles", "PATHEXT", "COMSPEC"} {
		if v := os.Getenv(name); v != "" {
			env = append(env, name+"="+v)
		}
	}
	root := os.Getenv("SystemRoot")
	return append(env, "PATH="+filepath.Join(root, "System32")+";"+root)
}
