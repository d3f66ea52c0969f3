package debian

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/feed/record"
)

const maxLine = 64 << 10

// lines calls fn for each line. An error of fn ends it.
func lines(r io.Reader, fn func(n int, line string) error) error {
	in := bufio.NewReaderSize(r, maxLine)
	for n := 1; ; n++ {
		raw, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return fmt.Errorf("line %d is longer than %d bytes", n, maxLine)
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if len(raw) > 0 {
			if e := fn(n, strings.ToValidUTF8(strings.TrimRight(string(raw), "\r\n"), "\ufffd")); e != nil {
				return e
			}
		}
		if err != nil {
			return nil
		}
	}
}

// IsList reports whether a text begins as a list of advisories does:
// "[29 Mar 2023] DSA-5380-1 xorg-server - security update".
func IsList(head []byte) bool {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	_, ok := header(string(line))
	return ok
}

type head struct {
	at              time.Time
	id, pkg, remark string
}

func header(line string) (head, bool) {
	date, rest, ok := strings.Cut(strings.TrimPrefix(line, "["), "] ")
	if !ok || !strings.HasPrefix(line, "[") {
		return head{}, false
	}
	id, rest, _ := strings.Cut(strings.TrimSpace(rest), " ")
	if !strings.HasPrefix(id, "DSA-") && !strings.HasPrefix(id, "DLA-") {
		return head{}, false
	}
	h := head{at: record.Time(date), id: id}
	h.pkg, h.remark, _ = strings.Cut(rest, " - ")
	return h, true
}

// ReadList reads a list of advisories: a line that begins with a date, then indented
// ones with the flaws and with what holds in each release.
func ReadList(r io.Reader, to record.Sink) error {
	var a *advisory.Advisory
	begun := 0
	flush := func() {
		if a != nil {
			to.Advisory(a)
			to.Done(Lists)
		}
		a = nil
	}
	err := lines(r, func(n int, line string) error {
		if line == "" {
			return nil
		}
		if line[0] != ' ' && line[0] != '\t' {
			flush()
			h, ok := header(line)
			if !ok {
				to.Refuse(Lists, n, "", "a line that names no advisory: "+record.Cut(line, 80))
				return nil
			}
			begun = n
			a = &advisory.Advisory{
				ID: h.id, Source: Lists, Published: h.at, Modified: h.at,
				Title: strings.TrimSpace(h.pkg + " - " + h.remark),
			}
			return nil
		}
		if a != nil {
			detail(a, strings.TrimSpace(line))
		}
		return nil
	})
	if err != nil && a != nil {
		to.Refuse(Lists, begun, a.ID, "the list ends within it")
		a = nil
	}
	flush()
	return err
}

// detail reads an indented line. NOTE lines are for the team that keeps the list.
func detail(a *advisory.Advisory, line string) {
	switch {
	case strings.HasPrefix(line, "{"):
		a.Covers = append(a.Covers, strings.Fields(strings.Trim(line, "{}"))...)
	case strings.HasPrefix(line, "["):
		codename, rest, ok := strings.Cut(line[1:], "] - ")
		if !ok {
			return
		}
		number, ok := release(strings.TrimSpace(codename))
		name, state, _ := strings.Cut(strings.TrimSpace(rest), " ")
		if !ok || name == "" {
			return
		}
		state, why, _ := strings.Cut(strings.TrimSpace(state), " ")
		p := advisory.Product{Package: &advisory.Package{Ecosystem: ecosystem(number), Name: name}}
		why = strings.Trim(strings.TrimSpace(why), "()")
		switch state {
		case "<not-affected>":
			p.Status, p.Justification = advisory.NotAffected, why
		case "<end-of-life>":
			p.Status, p.Remedy = advisory.Unsupported, why
		case "<unfixed>", "<no-dsa>", "<postponed>", "<ignored>":
			p.Ranges, p.Remedy = []advisory.Range{{Introduced: "0"}}, why
		case "<removed>", "<itp>", "<undetermined>", "":
			p.Status = advisory.UnderInvestigation
		default:
			if strings.HasPrefix(state, "<") {
				p.Status, p.Unread = advisory.UnderInvestigation, "the state "+record.Cut(state, 40)
				break
			}
			p.Ranges = []advisory.Range{{Introduced: "0", Fixed: state}}
		}
		a.Products = append(a.Products, p)
	}
}

// IsEnded and IsLimited report whether a text begins as the lists of packages whose
// security support ended early, or is limited.
func IsEnded(head []byte) bool {
	return bytes.Contains(head, []byte("packages whose security support ends before"))
}

// IsLimited is described at [IsEnded].
func IsLimited(head []byte) bool {
	return bytes.Contains(head, []byte("packages where security support is limited"))
}

// ReadEnded reads which packages of a release are not supported any more. The
// release is in the name of the file alone: security-support-ended.deb12. What ends
// after now is left for a later build.
func ReadEnded(r io.Reader, file string, now time.Time, to record.Sink) error {
	_, number, ok := strings.Cut(file, ".deb")
	for _, c := range number {
		ok = ok && '0' <= c && c <= '9'
	}
	if !ok || number == "" {
		return errors.New("its name does not say of which release it is, as in security-support-ended.deb12")
	}
	return lines(r, func(n int, line string) error {
		f := strings.Fields(line)
		if len(f) == 0 || f[0][0] == '#' {
			return nil
		}
		if len(f) < 3 {
			to.Refuse(Support, n, f[0], "it has no date")
			return nil
		}
		at := record.Time(f[2])
		switch {
		case at.IsZero():
			to.Refuse(Support, n, f[0], "its date cannot be read")
			return nil
		case pattern(f[0]):
			to.Refuse(Support, n, f[0], "it names packages by a pattern")
			return nil
		}
		a := advisory.Advisory{
			ID: "debian-" + number + "-support-ended/" + f[0], Source: Support, Published: at, Modified: at,
			Title: f[0] + " gets no security updates in Debian " + number + " any more", Details: strings.Join(f[3:], " "),
		}
		if !at.After(now) {
			a.Products = []advisory.Product{{
				Package: &advisory.Package{Ecosystem: "Debian:" + number, Name: f[0]}, Status: advisory.Unsupported,
				Remedy: "last supported version " + f[1],
			}}
		}
		to.Advisory(&a)
		to.Done(Support)
		return nil
	})
}

// ReadLimited reads which packages have limited support. That is said to people who look
// for the package; it is no flaw of the package.
func ReadLimited(r io.Reader, to record.Sink) error {
	return lines(r, func(n int, line string) error {
		name, text, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name == "" || name[0] == '#' {
			return nil
		}
		a := advisory.Advisory{
			ID: "debian-support-limited/" + name, Source: Support,
			Title: name + " has limited security support in Debian", Details: strings.TrimSpace(text),
		}
		to.Advisory(&a)
		to.Done(Support)
		return nil
	})
}

// pattern reports whether a name is a regular expression, as in golang.*
func pattern(s string) bool { return strings.ContainsAny(s, "*?[(\\|^$") }
