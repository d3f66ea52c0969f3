package feed

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/asepsis/asepsis/internal/durable"
	"github.com/asepsis/asepsis/internal/errs"
)

// UpdateOptions say what an update may do.
type UpdateOptions struct {
	Trusted []note.Verifier // keys that may sign; none: nothing is taken
	Now     time.Time
	// AllowOlder takes a feed older than the one in force. It is how a bad one is
	// undone, and how an attacker would bring old holes back.
	AllowOlder bool
	Keep       int          // how many feeds are kept beside the one in force; 0 for 3, -1 for none
	Client     *http.Client // nil for one with timeouts
	MaxBytes   int64        // of a download; 0 for 4 GiB
	Progress   func(have, of int64)
}

// Updated says what an update did.
type Updated struct {
	Verified
	Path string
	// Changed is false where the feed was in force already.
	Changed  bool
	Previous string // ID of the one that was in force; "" for none
	Resumed  int64  // bytes that an earlier, broken download had brought
}

// Update brings a feed into a folder and puts it in force. from is a URL, of a feed
// file or of a folder that [Publish] wrote (ending in a slash); a folder, such as a
// memory stick; or a feed file.
//
// Whatever goes wrong, the feed in force stays, and the error says so. What was
// downloaded of a file is kept, and the next call goes on from there.
func Update(ctx context.Context, dir, from string, o UpdateOptions) (Updated, error) {
	u, err := update(ctx, dir, from, o)
	if err == nil {
		return u, nil
	}
	if _, none := Current(dir); none == nil {
		return Updated{}, errs.Hint(errs.New(errs.KindOf(err), "the feed was not updated, the old one stays in force: %w", err), "%s", errs.HintOf(err))
	}
	return Updated{}, errs.Hint(errs.New(errs.KindOf(err), "there is still no feed: %w", err), "%s", errs.HintOf(err))
}

func update(ctx context.Context, dir, from string, o UpdateOptions) (Updated, error) {
	if len(o.Trusted) == 0 {
		return Updated{}, errs.Hint(errs.New(errs.Denied, "no key is trusted to sign feeds"), "add the builder's public key; ask for it by another way than the feed itself")
	}
	if err := durable.MkdirAll(dir, 0o755); err != nil {
		return Updated{}, err
	}
	var (
		path    string
		resumed int64
		err     error
	)
	if isURL(from) {
		path, resumed, err = fetch(ctx, dir, from, o)
	} else {
		path, err = find(from)
	}
	if err != nil {
		return Updated{}, err
	}
	u, err := install(dir, path, o)
	u.Resumed = resumed
	fetched := isURL(from) && filepath.Base(filepath.Dir(path)) == downloadsName
	if fetched && (err == nil || errs.Is(err, errs.Invalid) || errs.Is(err, errs.Denied)) {
		// What is whole and wrong must not be gone on from.
		_ = os.Remove(path)
		_ = os.Remove(path + tagSuffix)
	}
	if err == nil {
		// Parts of feeds that were never finished are of no use once a newer one is
		// here. What cannot be removed is tried again the next time.
		_ = os.RemoveAll(filepath.Join(dir, downloadsName))
	}
	return u, err
}

// find returns the feed file that a path means: the file itself, or the one in
// force in a folder.
func find(from string) (string, error) {
	st, err := os.Stat(from)
	if err != nil {
		return "", errs.Hint(errs.New(errs.NotFound, "there is no %s", from), "name a feed file, a folder that holds one, or a URL")
	}
	if !st.IsDir() {
		return from, nil
	}
	path, err := Current(from)
	if err == nil {
		return path, nil
	}
	// A stick onto which somebody copied the file alone.
	kept, e := List(from)
	if e != nil {
		return "", e
	}
	for _, k := range kept {
		if k.Damaged == "" {
			return k.Path, nil
		}
	}
	if len(kept) > 0 {
		return "", errs.Hint(errs.New(errs.Invalid, "the feed file in %s cannot be read: %s", from, kept[0].Damaged), "copy it again")
	}
	return "", errs.Hint(errs.New(errs.NotFound, "there is no feed file in %s", from), "name a folder with a file like asepsis-….feed")
}

// install verifies a file, copies it into the folder and puts it in force.
func install(dir, path string, o UpdateOptions) (Updated, error) {
	data, closeFile, err := mapFile(path)
	if err != nil {
		return Updated{}, err
	}
	defer closeFile()
	// The bytes are copied before they are verified: a stick that is pulled out, or
	// a file that changes, cannot make what is kept differ from what was verified.
	b := append([]byte(nil), data...)
	v, err := verify(b, o.Trusted)
	if err != nil {
		return Updated{}, err
	}
	if id := idFromName(filepath.Base(path)); id != "" && id != v.ID {
		return Updated{}, errs.Hint(errs.New(errs.Invalid, "the file's name carries another SHA-256 than its content has"), "fetch or copy it again")
	}
	if _, err := open(b); err != nil {
		return Updated{}, err
	}
	if v.Built.After(o.Now.Add(24 * time.Hour)) {
		return Updated{}, errs.Hint(errs.New(errs.Invalid, "the feed says it was built on %s, which is in the future", v.Built.Format(time.DateOnly)), "check this machine's clock")
	}
	u := Updated{Verified: v, Path: filepath.Join(dir, fileNameOf(b)), Changed: true}
	if old, err := Current(dir); err == nil {
		u.Previous = idFromName(filepath.Base(old))
		if u.Previous == v.ID {
			u.Changed = false
			return u, nil
		}
		if built, ok := builtOf(old); ok && v.Built.Before(built) && !o.AllowOlder {
			return Updated{}, errs.Hint(errs.New(errs.Conflict, "the feed is of %s, older than the one in force of %s", v.Built.Format(time.DateTime), built.Format(time.DateTime)),
				"take it only if you mean to go back; then allow an older one")
		}
	}
	keep := o.Keep
	if keep == 0 {
		keep = 3
	}
	if err := place(dir, u.Path, b); err != nil {
		return Updated{}, err
	}
	return u, enforce(dir, filepath.Base(u.Path), max(keep, 0))
}

// place writes the file, unless it lies there and is whole.
func place(dir, path string, b []byte) error {
	err := durable.CreateFile(path, b, 0o644)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	have, err := readSmall(path, maxFile)
	if err == nil && idOf(have) == idOf(b) {
		return nil
	}
	return durable.WriteFile(path, b, 0o644) // it was damaged after it was written
}

func builtOf(path string) (time.Time, bool) {
	f, err := Open(path)
	if err != nil {
		return time.Time{}, false // a feed that cannot be opened does not stand in the way of one that can
	}
	defer f.Close()
	return f.Manifest.Built, true
}

func isURL(s string) bool { return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://") }
