package sqlstore

import (
	"path/filepath"
	"testing"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/access/accesstest"
	"github.com/asepsis/asepsis/internal/secret"
)

func TestAccessSuite(t *testing.T) {
	accesstest.Suite(t, func(t *testing.T) access.Store {
		db, err := Open(t.Context(), filepath.Join(t.TempDir(), "asepsis.db"), func(string) (secret.Text, error) {
			return secret.New("0123456789abcdef0123456789abcdef"), nil
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
		return db.Access()
	})
}
