//go:build unix

package e2e

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// server is a running `asepsis serve` and somebody who talks to it.
type server struct {
	t     testing.TB
	cmd   *exec.Cmd
	base  string // http://127.0.0.1:…
	setUp string // the one-time link, where one was printed
	http  *http.Client
	log   *lockedBuffer
}

// lockedBuffer may be read while the program still writes to it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// serve starts the server on a free port and waits until it says where it is.
func (f folder) serve(args ...string) *server {
	f.t.Helper()
	cmd := f.command(append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	log := new(lockedBuffer)
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		f.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		f.t.Fatal(err)
	}
	s := &server{t: f.t, cmd: cmd, http: &http.Client{Jar: jar, Timeout: time.Minute}, log: log}
	f.t.Cleanup(func() {
		if cmd.ProcessState == nil {
			s.stop(syscall.SIGKILL)
		}
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if at, ok := strings.CutPrefix(line, "Asepsis is at "); ok {
			s.base = at
		}
		if strings.Contains(line, "/set-up#") {
			s.setUp = line
		}
		if strings.HasPrefix(line, "Stop with") {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return s
		}
	}
	_ = cmd.Wait()
	f.t.Fatalf("the server did not start\n%s", log)
	return nil
}

// stop ends the server and waits for it.
func (s *server) stop(sig syscall.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := s.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
}

// do sends a request under /api/v1 and returns the status and the body.
func (s *server) do(method, path, contentType string, body io.Reader) (int, []byte, error) {
	req, err := http.NewRequest(method, s.base+"/api/v1"+path, body)
	if err != nil {
		return 0, nil, err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := s.http.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, b, err
}

// call sends JSON and decodes JSON, and fails the test on a refusal.
func (s *server) call(method, path string, in, out any) {
	s.t.Helper()
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			s.t.Fatal(err)
		}
		body = bytes.NewReader(b)
	}
	code, b, err := s.do(method, path, "application/json", body)
	if err != nil || code >= http.StatusBadRequest {
		s.t.Fatalf("%s %s: %d %v\n%s\n%s", method, path, code, err, b, s.log)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(b, out); err != nil {
		s.t.Fatalf("%s %s: %v\n%s", method, path, err, b)
	}
}

// bring uploads a file.
func (s *server) bring(name, text string) (int, []byte, error) {
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("file", name)
	if err != nil {
		return 0, nil, err
	}
	if _, err := io.WriteString(part, text); err != nil {
		return 0, nil, err
	}
	if err := w.Close(); err != nil {
		return 0, nil, err
	}
	return s.do(http.MethodPost, "/imports", w.FormDataContentType(), &form)
}

// setUpAdministrator goes through the set-up as the pages do, and stays signed in.
func (s *server) setUpAdministrator() {
	s.t.Helper()
	_, link, ok := strings.Cut(s.setUp, "#")
	if !ok {
		s.t.Fatalf("no set-up link was printed\n%s", s.log)
	}
	var enrolled struct{ Secret string }
	s.call(http.MethodPost, "/setup", map[string]any{
		"link": link, "name": "Dana Osei", "email": "d.osei@prairie.example", "password": "copper lantern walrus spoon",
		"organization": map[string]any{"name": "Prairie General", "kind": "critical_access", "state": "KS", "beds": 25},
	}, &enrolled)
	var confirmed struct {
		Codes []string `json:"recovery_codes"`
	}
	s.call(http.MethodPost, "/setup/confirm", map[string]any{"link": link, "code": totp(s.t, enrolled.Secret, time.Now())}, &confirmed)
	if len(confirmed.Codes) == 0 {
		s.t.Fatal("no recovery codes were given")
	}
}

// idle waits until no job runs.
func (s *server) idle() {
	s.t.Helper()
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		var today struct {
			Job *struct{} `json:"running_job"`
		}
		s.call(http.MethodGet, "/today", nil, &today)
		if today.Job == nil {
			return
		}
	}
	s.t.Fatalf("a job runs for minutes\n%s", s.log)
}

// token makes an API token of a role.
func (s *server) token(role string) string {
	s.t.Helper()
	var got map[string]any
	s.call(http.MethodPost, "/tokens", map[string]any{"name": "e2e " + role, "role": role, "days": 1}, &got)
	secret, ok := got["secret"].(string)
	if !ok || secret == "" {
		s.t.Fatalf("no secret in %v", got)
	}
	return secret
}

// totp is the code that an authenticator app shows (RFC 6238).
func totp(t testing.TB, secret string, at time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ToUpper(strings.ReplaceAll(secret, " ", "")))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, uint64(at.Unix()/30))
	sum := mac.Sum(nil)
	n := binary.BigEndian.Uint32(sum[sum[len(sum)-1]&15:]) & 0x7fffffff
	return fmt.Sprintf("%06d", n%1_000_000)
}
