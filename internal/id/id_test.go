package id

import (
	"testing"
	"time"
)

func TestNewAndCheck(t *testing.T) {
	at := time.Date(2026, 11, 25, 3, 0, 0, 0, time.UTC)
	a, b := New(Asset, at), New(Asset, at.Add(time.Second))
	if err := Check(Asset, a); err != nil {
		t.Fatal(err)
	}
	if a >= b {
		t.Errorf("ids do not sort by time: %s, %s", a, b)
	}
	for _, bad := range []string{"", "as_", "us_" + a[3:], a + "x", "as_01!"} {
		if Check(Asset, bad) == nil {
			t.Errorf("Check accepts %q", bad)
		}
	}
}
