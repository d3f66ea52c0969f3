package feed

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/durable"
	"github.com/asepsis/asepsis/internal/errs"
)

const (
	partSuffix = ".part"
	tagSuffix  = ".tag" // what the server called the content of the part beside it
	headWait   = 30 * time.Second
	idleWait   = 60 * time.Second
)

func client() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: headWait}).DialContext,
			TLSHandshakeTimeout:   headWait,
			ResponseHeaderTimeout: headWait,
			DisableCompression:    true, // a range of packed bytes would be another range
		},
	}
}

// fetch downloads a feed file into the folder's downloads and returns its path and
// how many bytes were there before.
func fetch(ctx context.Context, dir, from string, o UpdateOptions) (string, int64, error) {
	c := o.Client
	if c == nil {
		c = client()
	}
	at, err := url.Parse(from)
	if err != nil || at.Host == "" {
		return "", 0, errs.Hint(errs.New(errs.Invalid, "%.200q is not a URL", from), "give one like https://feeds.example.org/asepsis/")
	}
	if strings.HasSuffix(at.Path, "/") || at.Path == "" {
		name, err := fetchCurrent(ctx, c, at)
		if err != nil {
			return "", 0, err
		}
		at = at.JoinPath(name)
	}
	// The name carries the content's SHA-256: what is in force is not fetched again.
	if old, err := Current(dir); err == nil && filepath.Base(old) == path.Base(at.Path) {
		return old, 0, nil
	}
	downloads := filepath.Join(dir, downloadsName)
	if err := durable.MkdirAll(downloads, 0o755); err != nil {
		return "", 0, err
	}
	sum := sha256.Sum256([]byte(at.String()))
	d := download{
		c: c, url: at.String(), part: filepath.Join(downloads, hex.EncodeToString(sum[:8])+partSuffix),
		limit: o.MaxBytes, progress: o.Progress,
	}
	if d.limit <= 0 || d.limit > maxFile {
		d.limit = maxFile
	}
	resumed, err := d.run(ctx)
	return d.part, resumed, err
}

// fetchCurrent asks a published folder which feed is in force.
func fetchCurrent(ctx context.Context, c *http.Client, at *url.URL) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, headWait)
	defer cancel()
	resp, err := get(ctx, c, at.JoinPath(currentFile).String(), nil)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", refusedStatus(resp)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1024))
	if err != nil {
		return "", unreachable(at.Host, err)
	}
	name := strings.TrimSpace(string(b))
	if idFromName(name) == "" {
		return "", errs.Hint(errs.New(errs.Invalid, "%s does not publish feeds at this address", at.Host), "check the URL; it is that of the folder a feed was published to, with a slash at the end")
	}
	return name, nil
}

func get(ctx context.Context, c *http.Client, u string, header http.Header) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, http.NoBody)
	if err != nil {
		return nil, errs.New(errs.Invalid, "%.200q is not a URL", u)
	}
	for k, v := range header {
		req.Header[k] = v
	}
	resp, err := c.Do(req)
	if err != nil {
		return nil, unreachable(req.URL.Host, err)
	}
	return resp, nil
}

func unreachable(host string, err error) error {
	return errs.Hint(errs.New(errs.Unsupported, "%s cannot be reached: %w", host, err), "check the network, or carry the feed by a memory stick; what was downloaded is kept")
}

func refusedStatus(resp *http.Response) error {
	k := errs.Unsupported
	if resp.StatusCode == http.StatusNotFound {
		k = errs.NotFound
	}
	return errs.Hint(errs.New(k, "%s answers %s", resp.Request.URL.Host, resp.Status), "check the URL")
}

type download struct {
	c        *http.Client
	url      string
	part     string
	limit    int64
	progress func(have, of int64)
	// have is what the server called the content that is here already, or "": it then
	// need not send it again.
	have http.Header
}

// errSame says that the server has what is here already.
var errSame = errors.New("it is as it was")

// run downloads what is missing. A server that does not know ranges, or whose file
// is another one by now, sends all of it again.
func (d *download) run(ctx context.Context) (resumed int64, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	header := http.Header{}
	have := int64(0)
	if st, err := os.Stat(d.part); err == nil && st.Size() > 0 && st.Size() < d.limit {
		if tag, err := readSmall(d.part+tagSuffix, 1024); err == nil && len(tag) > 0 {
			have = st.Size()
			header.Set("Range", "bytes="+strconv.FormatInt(have, 10)+"-")
			header.Set("If-Range", string(tag))
		}
	}
	if have == 0 {
		header = d.have
	}
	resp, err := get(ctx, d.c, d.url, header)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	flags := os.O_CREATE | os.O_WRONLY | os.O_TRUNC
	switch {
	case resp.StatusCode == http.StatusPartialContent && have > 0 && strings.HasPrefix(resp.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", have)):
		flags = os.O_WRONLY | os.O_APPEND
	case resp.StatusCode == http.StatusRequestedRangeNotSatisfiable && have > 0:
		return have, nil // nothing is missing; the signature tells whether it is right
	case resp.StatusCode == http.StatusNotModified && len(d.have) > 0:
		return 0, errSame
	case resp.StatusCode == http.StatusOK:
		have = 0
	default:
		return 0, refusedStatus(resp)
	}
	total := resp.ContentLength + have
	if resp.ContentLength < 0 {
		total = -1
	}
	if total > d.limit {
		return 0, errs.Hint(errs.New(errs.Limited, "the file has %d bytes, more than the limit of %d", total, d.limit), "check the URL, or raise the limit")
	}
	if err := d.keepTag(resp); err != nil {
		return 0, err
	}
	f, err := os.OpenFile(d.part, flags, 0o644)
	if err != nil {
		return 0, fmt.Errorf("keep the download: %w", err)
	}
	n, err := d.copy(f, resp.Body, cancel, have, total)
	if e := f.Close(); err == nil && e != nil {
		err = fmt.Errorf("keep the download: %w", e)
	}
	if err == nil && total >= 0 && have+n != total {
		err = unreachable(resp.Request.URL.Host, io.ErrUnexpectedEOF)
	}
	return have, err
}

// keepTag keeps what names the content, so that two halves are of one file. A weak
// tag names no bytes.
func (d *download) keepTag(resp *http.Response) error {
	tag := resp.Header.Get("ETag")
	if tag == "" || strings.HasPrefix(tag, "W/") {
		tag = resp.Header.Get("Last-Modified")
	}
	if tag == "" {
		if err := os.Remove(d.part + tagSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("keep the download: %w", err)
		}
		return nil
	}
	return durable.WriteFile(d.part+tagSuffix, []byte(tag), 0o644)
}

// copy copies until the end, the limit, or a minute without a byte.
func (d *download) copy(to io.Writer, from io.Reader, stop func(), have, total int64) (int64, error) {
	idle := time.AfterFunc(idleWait, stop)
	defer idle.Stop()
	buf := make([]byte, 256<<10)
	n := int64(0)
	for {
		k, err := from.Read(buf)
		idle.Reset(idleWait)
		if n += int64(k); have+n > d.limit {
			return n, errs.Hint(errs.New(errs.Limited, "the file is larger than the limit of %d bytes", d.limit), "check the URL, or raise the limit")
		}
		if _, e := to.Write(buf[:k]); e != nil {
			return n, fmt.Errorf("keep the download: %w", e)
		}
		if d.progress != nil && k > 0 {
			d.progress(have+n, total)
		}
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, unreachable("the server", err)
		}
	}
}
