// Package config is the one configuration of a running Asepsis.
//
// Every field has a usable default, so an empty file, or none, is a working
// configuration. Unknown keys are refused with a suggestion.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/asepsis/asepsis/internal/errs"
)

// Config says where the data lies and how the server listens.
type Config struct {
	// DataDir holds the database, the ledger and the keys. Default:
	// $ASEPSIS_DATA, else /var/lib/asepsis for root, else the user's own data folder.
	DataDir string `yaml:"data_dir"`
	// Listen is the address of the server. Beyond loopback it needs a certificate.
	Listen string `yaml:"listen"`
	// TLSCert and TLSKey are paths of PEM files.
	TLSCert string `yaml:"tls_cert"`
	TLSKey  string `yaml:"tls_key"`
	// Hosts are the names that browsers may call the server by, lower case and
	// without a port: what a proxy in front of it is called. Empty means any name,
	// but on loopback only itself.
	Hosts []string `yaml:"hosts"`
	// AssessEvery is how often the server looks at this machine and decides the
	// goals again; 0 means only when asked.
	AssessEvery time.Duration `yaml:"assess_every"`
	// LogLevel is debug, info, warn or error; logs go to standard error.
	LogLevel string `yaml:"log_level"`
}

// Default returns the configuration of an empty file.
func Default() Config {
	return Config{DataDir: defaultDataDir(), Listen: "127.0.0.1:7300", AssessEvery: time.Hour, LogLevel: "info"}
}

func defaultDataDir() string {
	if dir := os.Getenv("ASEPSIS_DATA"); dir != "" {
		return dir
	}
	if runtime.GOOS == "linux" && os.Geteuid() == 0 {
		return "/var/lib/asepsis"
	}
	if dir := os.Getenv("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "asepsis")
	}
	if dir, err := os.UserConfigDir(); err == nil && runtime.GOOS != "linux" {
		return filepath.Join(dir, "Asepsis")
	}
	if home, err := os.UserHomeDir(); err == nil {
		return filepath.Join(home, ".local", "share", "asepsis")
	}
	return "asepsis-data"
}

// Load reads a configuration file over the defaults. The name "" means
// asepsis.yaml in the working folder if there is one. Errors are of kind
// errs.Invalid and name the line.
func Load(name string) (Config, error) {
	c := Default()
	optional := name == ""
	if optional {
		name = "asepsis.yaml"
	}
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) && optional {
		return c, nil
	}
	if err != nil {
		return c, errs.Wrap(errs.Invalid, fmt.Errorf("read the configuration: %w", err))
	}
	if err := Parse(b, &c); err != nil {
		return c, fmt.Errorf("%s: %w", name, err)
	}
	return c, nil
}

// Parse reads YAML over c and checks the outcome.
func Parse(b []byte, c *Config) error {
	// A file of comments alone is null in YAML, which would empty the defaults.
	var keys map[string]any
	if err := yaml.Unmarshal(b, &keys); err == nil && len(keys) == 0 {
		return c.Check()
	}
	if err := yaml.UnmarshalWithOptions(b, c, yaml.Strict()); err != nil {
		return errs.New(errs.Invalid, "%s", yaml.FormatError(err, false, true))
	}
	return c.Check()
}

// Check reports the first thing that cannot work.
func (c *Config) Check() error {
	bad := func(hint, format string, args ...any) error {
		return errs.Hint(errs.New(errs.Invalid, format, args...), "%s", hint)
	}
	if c.DataDir == "" {
		return bad("name a folder that only the service's user can read", "data_dir is empty")
	}
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return bad("write it as address:port, for example 127.0.0.1:7300", "listen: %v", err)
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return bad("set both, or neither", "tls_cert and tls_key belong together")
	}
	if c.TLSCert == "" && !loopback(host) {
		return bad("set tls_cert and tls_key, or listen on 127.0.0.1 behind a proxy that speaks TLS",
			"listen %s is reachable from other machines and there is no certificate", c.Listen)
	}
	if c.AssessEvery < 0 || (c.AssessEvery > 0 && c.AssessEvery < time.Minute) {
		return bad("use 0 for never, or for example 1h", "assess_every %s is less than a minute", c.AssessEvery)
	}
	if _, err := c.Level(); err != nil {
		return bad("use debug, info, warn or error", "log_level %q", c.LogLevel)
	}
	return nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// Level is the log level.
func (c *Config) Level() (slog.Level, error) {
	var l slog.Level
	err := l.UnmarshalText([]byte(c.LogLevel))
	return l, err
}
