package app

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/asepsis/asepsis/internal/collect/network"
	"github.com/asepsis/asepsis/internal/durable"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/secret"
	"github.com/asepsis/asepsis/internal/web/api"
)

// The secrets of SNMP lie beside the other keys, apart from the database and its
// copies, in a file for each permitted network that only the owner may read.

// snmpSecrets is what such a file holds.
type snmpSecrets struct {
	Version   string `json:"version"`
	User      string `json:"user,omitempty"`
	Community string `json:"community,omitempty"`
	AuthKey   string `json:"auth_key,omitempty"`
	PrivKey   string `json:"privacy_key,omitempty"`
}

// maxSNMPFile bounds the file that is read back.
const maxSNMPFile = 16 << 10

// snmpFile names the file of a scope. Names of scopes are free text, so it goes by
// their hash.
func (a *App) snmpFile(tid, scope string) string {
	sum := sha256.Sum256([]byte(scope))
	return filepath.Join(a.cfg.DataDir, "keys", tid, "snmp", hex.EncodeToString(sum[:12])+".json")
}

func (a *App) readSNMP(tid, scope string) (snmpSecrets, error) {
	var out snmpSecrets
	b, err := os.ReadFile(a.snmpFile(tid, scope))
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	if err != nil {
		return out, fmt.Errorf("read what SNMP needs: %w", err)
	}
	if len(b) > maxSNMPFile || json.Unmarshal(b, &out) != nil {
		return out, errs.Hint(errs.New(errs.Invalid, "what SNMP needs for %q cannot be read", scope), "give it again: change the permitted network")
	}
	return out, nil
}

// snmpOf returns what devices of a scope are read with; nil where the scope does
// not permit it. Secrets that the scope brings come before those that are kept.
func (a *App) snmpOf(tid string, s api.DiscoveryScope) (*network.SNMPAccess, error) {
	in := s.SNMP
	if in == nil {
		return nil, nil //nolint:nilnil // it is not permitted
	}
	if s.Profile != string(network.Normal) {
		return nil, errs.Hint(errs.New(errs.Invalid, "SNMP sends devices questions, and a %s network is sent not one byte", s.Profile),
			"permit the devices that may be asked apart, such as 10.20.1.40/32, with the profile normal")
	}
	kept, err := a.readSNMP(tid, s.Name)
	if err != nil {
		return nil, err
	}
	if kept.Version != in.Version || kept.User != in.User {
		kept = snmpSecrets{}
	}
	out := &network.SNMPAccess{
		Version: in.Version, User: in.User, Auth: in.Auth, Privacy: in.Privacy,
		Community: either(in.Community, kept.Community), AuthKey: either(in.AuthKey, kept.AuthKey), PrivKey: either(in.PrivKey, kept.PrivKey),
	}
	if out.Privacy == "" {
		out.PrivKey = secret.Text{}
	}
	return out, out.Check()
}

func either(given, kept string) secret.Text {
	if given != "" {
		return secret.New(given)
	}
	return secret.New(kept)
}

// keepSNMP keeps the secrets of a scope in its file, or takes the file away where
// the scope permits no SNMP any more. It returns the scope without them.
func (a *App) keepSNMP(tid string, s api.DiscoveryScope) (api.DiscoveryScope, error) {
	access, err := a.snmpOf(tid, s)
	if err != nil {
		return s, err
	}
	if access == nil {
		return s, a.dropSNMP(tid, s.Name)
	}
	b, err := json.Marshal(snmpSecrets{
		Version: access.Version, User: access.User, Community: access.Community.Reveal(), AuthKey: access.AuthKey.Reveal(), PrivKey: access.PrivKey.Reveal(),
	})
	if err != nil {
		return s, fmt.Errorf("write what SNMP needs: %w", err)
	}
	name := a.snmpFile(tid, s.Name)
	if err := durable.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return s, fmt.Errorf("keep what SNMP needs: %w", err)
	}
	if err := durable.WriteFile(name, b, 0o600); err != nil {
		return s, fmt.Errorf("keep what SNMP needs: %w", err)
	}
	s.SNMP = s.SNMP.Public()
	return s, nil
}

func (a *App) dropSNMP(tid, scope string) error {
	if err := durable.Remove(a.snmpFile(tid, scope)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forget what SNMP needed: %w", err)
	}
	return nil
}
