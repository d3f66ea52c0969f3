package durable

import (
	"errors"
	"path/filepath"
	"testing"
)

func TestLockIsOnesAlone(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	held, err := Lock(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Lock(name); !errors.Is(err, ErrLocked) {
		t.Fatalf("a second lock: %v, want ErrLocked", err)
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Lock(name)
	if err != nil {
		t.Fatalf("after it was given back: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}
