package api

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/asepsis/asepsis/internal/errs"
)

func FuzzUpload(f *testing.F) {
	const head = "--b\r\nContent-Disposition: form-data; name=\"options\"\r\n\r\n{\"table\":\"people\"}\r\n" +
		"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\nx,y\r\n"
	f.Add([]byte(head + "--b--\r\n"))
	f.Add([]byte(head))
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../../etc/passwd\"\r\n\r\nx\r\n--b--\r\n"))
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"options\"\r\n\r\n{\r\n--b--"))
	f.Add([]byte("--b--"))
	f.Add([]byte{})
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
		r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		up, err := uploads{dir: dir, most: 64}.receive(r)
		if err == nil {
			if up.size > 64 || strings.ContainsAny(up.name, `/\`) || up.name == "" {
				t.Errorf("took %q of %d bytes", up.name, up.size)
			}
			got, rerr := io.ReadAll(io.NewSectionReader(up.f, 0, up.size))
			if rerr != nil || int64(len(got)) != up.size || !bytes.Contains(body, got) {
				t.Errorf("the file is not what came: %v", rerr)
			}
			up.close()
		}
		if left, _ := os.ReadDir(dir); len(left) != 0 {
			t.Errorf("left behind after %v: %v", err, left)
		}
	})
}

func FuzzCookies(f *testing.F) {
	f.Add("asepsis_session=ses_x")
	f.Add("asepsis_session=a; asepsis_session=b")
	f.Add(`asepsis_session="quoted"; other=1`)
	f.Add("asepsis_session=\x00\xff; ;=; ,")
	f.Fuzz(func(t *testing.T, header string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["Cookie"] = []string{header}
		s := &server{}
		if v := s.cookie(r, sessionCookie); v != "" && !strings.Contains(header, v) {
			t.Errorf("cookie %q out of %q", v, header)
		}
		// Neither the plain name behind TLS nor the other way round.
		s.secure = true
		if v := s.cookie(r, sessionCookie); v != "" && !strings.Contains(header, "__Host-") {
			t.Errorf("behind TLS, cookie %q out of %q", v, header)
		}
	})
}

func FuzzMatches(f *testing.F) {
	tag := etag("1", "auditor")
	f.Add(tag)
	f.Add(`W/"x", ` + tag)
	f.Add("*")
	f.Fuzz(func(t *testing.T, header string) {
		if matches(header, tag) && !strings.Contains(header, "*") && !strings.Contains(header, strings.TrimPrefix(tag, "W/")) {
			t.Errorf("%q matches %s", header, tag)
		}
	})
}

func FuzzParameterValue(f *testing.F) {
	for _, s := range []string{`1`, `1.5`, `1e400`, `"x"`, `["a","b"]`, `[1]`, `{}`, `null`, `true`, ``, `9007199254740993`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		v, err := parameterValue(raw)
		if err != nil && !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %v", raw, err)
		}
		switch v.(type) {
		case nil, bool, int64, float64, string, []string:
		default:
			t.Errorf("%q is a %T", raw, v)
		}
	})
}
