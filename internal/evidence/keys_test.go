package evidence_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/evidence"
	"github.com/asepsis/asepsis/internal/secret"
)

func TestOpenKeys(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys", tenant)
	keys := make([]*evidence.Keys, 8)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			var err error
			if keys[i], err = evidence.OpenKeys(dir, evidence.Origin(tenant)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	for _, k := range keys[1:] {
		if k.Public() != keys[0].Public() || !k.Commit().Equal(keys[0].Commit()) {
			t.Error("two programs that made the keys at once have different ones")
		}
	}
	if !strings.HasPrefix(keys[0].Public(), "asepsis/"+tenant+"+") || len(keys[0].Commit().Reveal()) != 32 {
		t.Errorf("public key %q, commitment key of %d bytes", keys[0].Public(), len(keys[0].Commit().Reveal()))
	}
	if got := fmt.Sprintf("%v %+v", keys[0].Commit(), keys[0].Commit()); strings.Contains(got, keys[0].Commit().Reveal()) {
		t.Error("the commitment key prints")
	}
	for _, name := range []string{"ledger.key", "commit.key"} {
		st, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if runtime.GOOS != "windows" && st.Mode().Perm() != 0o600 {
			t.Errorf("%s has permissions %v", name, st.Mode().Perm())
		}
	}
	if _, err := evidence.OpenKeys(dir, evidence.Origin("tn_other")); !errs.Is(err, errs.Conflict) {
		t.Errorf("another log's keys: error %v, want a conflict", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "ledger.key"), []byte("half a k"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := evidence.OpenKeys(dir, evidence.Origin(tenant)); err == nil || !strings.Contains(errs.HintOf(err), "backup") || strings.Contains(err.Error(), "half a k") {
		t.Errorf("error %v, hint %q", err, errs.HintOf(err))
	}
}

func TestParseKeysRefuses(t *testing.T) {
	dir := t.TempDir()
	if _, err := evidence.OpenKeys(dir, "asepsis/x"); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "ledger.key"))
	if err != nil {
		t.Fatal(err)
	}
	good := strings.TrimSuffix(string(b), "\n")
	commit := strings.Repeat("0", 64)
	if _, err := evidence.ParseKeys(secret.New(good), secret.New(commit)); err != nil {
		t.Error(err)
	}
	for _, c := range [][2]string{{"", commit}, {good[1:], commit}, {good + "A", commit}, {good, ""}, {good, commit[1:]}, {good, commit + "00"}, {good, strings.Repeat("x", 64)}} {
		if _, err := evidence.ParseKeys(secret.New(c[0]), secret.New(c[1])); err == nil {
			t.Errorf("%q was read", c)
		}
	}
}
