// Command judge holds one bill of materials against one feed file and writes the
// report, in a process of its own: what scripts/peers.sh measures beside other tools.
package main

import (
	"fmt"
	"os"

	"github.com/asepsis/asepsis/internal/feed"
	"github.com/asepsis/asepsis/internal/vuln/scan"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: judge FEED LIST")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "judge:", err)
		os.Exit(1)
	}
}

func run(path, list string) error {
	f, err := feed.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	in, err := os.Open(list)
	if err != nil {
		return err
	}
	defer in.Close()
	_, err = scan.Report(in, os.Stdout, f.DB, scan.Limits{})
	return err
}
