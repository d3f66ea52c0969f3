package cli

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"asepsis": func() {
		w := OS()
		// Scripts say what time it is, so that what they print does not age.
		if s := os.Getenv("SCRIPT_NOW"); s != "" {
			at, err := time.Parse(time.RFC3339, s)
			if err != nil {
				panic(err)
			}
			began := time.Now()
			w.Now = func() time.Time { return at.Add(time.Since(began)) }
		}
		os.Exit(Main(context.Background(), os.Args[1:], w))
	}})
}

// TestScripts runs testdata/*.txtar: every command and exit code over the real
// main.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("ASEPSIS_DATA", e.WorkDir+"/data")
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("TZ", "UTC")
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exitcode": exitcode,
		},
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
	})
}

// exitcode runs a program and compares its exit code: exitcode 3 asepsis assess.
func exitcode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exitcode N program [args]")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		code, ok := exitCodeOf(err)
		if !ok {
			ts.Fatalf("run %s: %v", args[1], err)
		}
		got = code
	}
	if got != args[0] {
		ts.Fatalf("%v exited %s, want %s", args[1:], got, args[0])
	}
}
