package network_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain lets more tests wait side by side than there are processors: what they
// wait for is the network.
func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f != nil {
		_ = f.Value.Set("5")
	}
	os.Exit(m.Run())
}
