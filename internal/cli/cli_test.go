package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
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
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		code := Main(ctx, os.Args[1:], w)
		stop()
		os.Exit(code)
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
			"json":     jsonAlone,
			"start":    start,
			"setup":    setUp,
			"enter":    enter,
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

// jsonAlone checks that the last command wrote one JSON value to standard
// output and nothing else.
func jsonAlone(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: json")
	}
	if s := ts.ReadFile("stdout"); !json.Valid([]byte(s)) {
		ts.Fatalf("standard output is not JSON alone:\n%.2000s", s)
	}
}

// startTimeout is how long a server may take until it says where it is.
const startTimeout = time.Minute

// start runs a serving command in the background, waits until it says where it
// is, and sets $URL and $ADDRESS to that, and $LINK to what it printed to open.
// At the end of the script it is interrupted and must end in order:
// start asepsis serve --listen 127.0.0.1:0.
func start(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: start program args")
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"ASEPSIS_DATA", "HOME", "TZ", "PATH", "SCRIPT_NOW", "TMPDIR"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	if path, err := lookPath(args[0], ts.Getenv("PATH")); err == nil {
		cmd.Path, cmd.Err = path, nil
	}
	log := new(strings.Builder)
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	late := time.AfterFunc(startTimeout, func() { _ = cmd.Process.Kill() })
	ts.Defer(func() {
		late.Stop()
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			ts.Logf("%v: %v\n%s", args, err, log)
			ts.Fatalf("%v did not end in order", args)
		}
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		ts.Logf("%s", lines.Text())
		line := strings.TrimSpace(lines.Text())
		if at, ok := strings.CutPrefix(line, "Asepsis is at "); ok {
			ts.Setenv("URL", at)
			_, address, _ := strings.Cut(at, "://")
			ts.Setenv("ADDRESS", address)
		}
		if _, link, ok := strings.Cut(line, "http"); ok && !strings.HasPrefix(line, "Asepsis is at ") {
			ts.Setenv("LINK", "http"+link)
		}
		if strings.HasPrefix(line, "Stop with") {
			late.Stop()
			return
		}
	}
	ts.Fatalf("%v ended before it served\n%s", args, log)
}

// lookPath finds a program in the script's own path.
func lookPath(name, path string) (string, error) {
	for _, dir := range filepath.SplitList(path) {
		if p := filepath.Join(dir, name); isProgram(p) {
			return p, nil
		}
	}
	return exec.LookPath(name)
}

func isProgram(name string) bool {
	i, err := os.Stat(name)
	return err == nil && i.Mode().IsRegular() && i.Mode()&0o111 != 0
}
