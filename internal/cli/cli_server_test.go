package cli

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // what authenticator apps use
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"os"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/asepsis/asepsis/internal/web/api"
)

// setUp opens the set-up link that start printed, becomes the administrator,
// and writes a file with an API token for each role named: setup administrator
// auditor writes administrator.token and auditor.token.
func setUp(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: setup role...")
	}
	_, link, ok := strings.Cut(ts.Getenv("LINK"), "#")
	if !ok {
		ts.Fatalf("no set-up link was printed")
	}
	jar, err := cookiejar.New(nil)
	ts.Check(err)
	c := &http.Client{Jar: jar, Timeout: time.Minute}
	post := func(path string, in, out any) {
		b, err := json.Marshal(in)
		ts.Check(err)
		res, err := c.Post(ts.Getenv("URL")+api.Prefix+path, "application/json", bytes.NewReader(b))
		ts.Check(err)
		defer res.Body.Close()
		if res.StatusCode >= http.StatusBadRequest {
			ts.Fatalf("POST %s: %v", path, problem(res))
		}
		ts.Check(json.NewDecoder(res.Body).Decode(out))
	}
	var en api.Enrollment
	post("/setup", map[string]any{
		"link": link, "name": "Dana Osei", "email": "d.osei@prairie.example", "password": "copper lantern walrus spoon",
		"organization": map[string]any{"name": "Prairie General", "kind": "critical_access"},
	}, &en)
	var done api.Confirmed
	post("/setup/confirm", map[string]any{"link": link, "code": totpOf(ts, en.Secret)}, &done)
	for _, role := range args {
		var token struct {
			Secret string `json:"secret"`
		}
		post("/tokens", map[string]any{"name": "script " + role, "role": role, "days": 1}, &token)
		ts.Check(os.WriteFile(ts.MkAbs(role+".token"), []byte(token.Secret+"\n"), 0o600))
	}
}

// enter opens the link of a demonstration and looks at what it shows.
func enter(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: enter")
	}
	jar, err := cookiejar.New(nil)
	ts.Check(err)
	c := &http.Client{Jar: jar, Timeout: time.Minute}
	res, err := c.Get(ts.Getenv("LINK"))
	ts.Check(err)
	ts.Check(res.Body.Close())
	res, err = c.Get(ts.Getenv("URL") + api.Prefix + "/today")
	ts.Check(err)
	defer res.Body.Close()
	var today api.Today
	ts.Check(json.NewDecoder(res.Body).Decode(&today))
	if res.StatusCode != http.StatusOK || !today.Demo || today.GoalsMeasured == 0 || len(today.Goals) != 20 {
		ts.Fatalf("the demonstration shows %d: %+v", res.StatusCode, today)
	}
}

// totpOf is the code that an authenticator app shows now (RFC 6238).
func totpOf(ts *testscript.TestScript, secret string) string {
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	ts.Check(err)
	mac := hmac.New(sha1.New, key)
	ts.Check(binary.Write(mac, binary.BigEndian, time.Now().Unix()/30))
	sum := mac.Sum(nil)
	n := binary.BigEndian.Uint32(sum[sum[len(sum)-1]&15:]) & 0x7fffffff
	return fmt.Sprintf("%06d", n%1_000_000)
}
