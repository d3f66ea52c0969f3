package accesstest_test

import (
	"testing"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/access/accesstest"
)

func TestMemory(t *testing.T) {
	accesstest.Suite(t, func(*testing.T) access.Store { return accesstest.NewMemory() })
}
