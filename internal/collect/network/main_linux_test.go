package network_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain lets more tests wait side by side than there are processors: what they
// wait for is the network. The system's table of neighbors, 1,024 entries for all
// namespaces together where nobody raised it, bounds how many.
func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f != nil {
		_ = f.Value.Set("4")
	}
	os.Exit(m.Run())
}
