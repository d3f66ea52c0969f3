package feed

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/asepsis/asepsis/internal/errs"
)

// answers gives a path the body of its ending, without a network.
type answers map[string][]byte

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) {
	resp := &http.Response{Request: r, StatusCode: http.StatusNotFound, Status: "404 Not Found", Header: http.Header{}, Body: http.NoBody}
	if b, ok := a[path.Ext(r.URL.Path)]; ok {
		resp.StatusCode, resp.Status = http.StatusOK, "200 OK"
		resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(b)), int64(len(b))
	}
	return resp, nil
}

// FuzzProvider fetches from a provider that says anything: nothing is written outside of
// the folder, and what is wrong is listed.
func FuzzProvider(f *testing.F) {
	f.Add([]byte(`{"distributions":[{"rolie":{"feeds":[{"tlp_label":"WHITE","url":"/csaf/white.rolie"}]}}],"public_openpgp_keys":[{"fingerprint":"../00","url":"/key.asc"}]}`),
		[]byte(`{"feed":{"entry":[{"content":{"src":"2099/a.json"},"link":[{"rel":"self","href":"b.json"},{"rel":"hash","href":"2099/a.json.sha256"}]}]}}`), []byte(""))
	f.Add([]byte(`{"distributions":[{"directory_url":"/c"}]}`), []byte(""), []byte("../../etc/passwd\n../up/%2e%2e/evil.json\nfile:///etc/x.json\nok/d.json\n\x00.json\n"))
	f.Add([]byte(`{"distributions":[{"directory_url":":%zz"},{"rolie":{"feeds":[{"url":"http://[::1"}]}}]}`), []byte(`{"feed":{"entry":[{}]}}`), []byte("\xff"))
	f.Fuzz(func(t *testing.T, meta, list, index []byte) {
		if len(meta)+len(list)+len(index) > 4<<10 {
			t.Skip("each document is a file that is brought to the disk")
		}
		a := answers{".json": meta, ".rolie": list, ".txt": index, ".asc": index}
		parent := t.TempDir()
		dir := filepath.Join(parent, "sources")
		g, err := Gather(t.Context(), dir, []string{"https://lamp.example.org/provider-metadata.json"}, GatherOptions{Now: testNow(), Client: &http.Client{Transport: a}})
		if err != nil && errs.Is(err, errs.Internal) {
			t.Fatal(err)
		}
		for _, x := range g.Failed {
			if x.URL == "" || x.Why == "" {
				t.Errorf("failure %+v leaves something out", x)
			}
		}
		err = filepath.WalkDir(parent, func(at string, _ fs.DirEntry, err error) error {
			if at != parent && at != dir && !strings.HasPrefix(at, dir+string(filepath.Separator)) {
				return fmt.Errorf("written outside: %s", at)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzTrust reads any bytes as the keys that feeds and documents are checked with, and as
// the signature beside a document.
func FuzzTrust(f *testing.F) {
	_, v := testKey(f)
	f.Add(fmt.Appendf(nil, "# ours\n%s+%08x+x\n", v.Name(), v.KeyHash()))
	f.Add([]byte("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDME\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n-----BEGIN PGP PUBLIC KEY BLOCK-----\n"))
	f.Add([]byte("\x99\x01\x0d\x04"))
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, b []byte) {
		keys, err := ParseKeys(string(b))
		if len(keys) > maxKeys || err != nil && keys != nil {
			t.Errorf("%d keys, %v", len(keys), err)
		}
		name := filepath.Join(t.TempDir(), "a.json")
		if err := errors.Join(os.WriteFile(name, b, 0o600), os.WriteFile(name+".asc", b, 0o600)); err != nil {
			t.Fatal(err)
		}
		src := &source{file: file{path: name}}
		if why, err := (&builder{ledger: newLedger(testNow())}).checkOne(src, ".asc", new([]byte)); err != nil || src.checks.signed > 0 {
			t.Errorf("a signature of nobody counts: %q, %v", why, err)
		}
		p, err := readProviders(b)
		if err != nil {
			if e, ok := errors.AsType[*errs.Error](err); !ok || e.Kind != errs.Invalid {
				t.Errorf("%v is no refusal", err)
			}
			return
		}
		if len(p.keys) == 0 && len(bytes.TrimSpace(b)) > 0 {
			t.Error("what holds no key is taken as keys")
		}
	})
}
