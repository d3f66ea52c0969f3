package sts

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/mail"
)

// MaxPolicy is the most bytes of a policy that are read (RFC 8461 section 3.3
// suggests 64 KiB).
const (
	MaxPolicy = maxPolicy
	maxPolicy = 64 << 10
	maxAge    = 31_557_600 // seconds; RFC 8461 section 3.2
	maxLines  = 2000
)

// Mode says how strict senders are asked to be.
type Mode string

// The modes.
const (
	Enforce Mode = "enforce" // deliver encrypted or not at all
	Testing Mode = "testing" // deliver and report
	Off     Mode = "none"    // the domain takes its policy back
)

// Policy is what a domain asks of senders.
type Policy struct {
	Mode   Mode
	MX     []string // hosts, or *.name for any host one label below
	MaxAge time.Duration
}

// ParsePolicy reads a policy. Its error says for people why senders cannot use it.
func ParsePolicy(body []byte) (*Policy, error) {
	if len(body) > maxPolicy {
		return nil, fmt.Errorf("the policy is longer than %d KiB", maxPolicy>>10)
	}
	p := &Policy{MaxAge: -1}
	seen := map[string]bool{}
	n := 0
	for line := range strings.SplitSeq(string(body), "\n") {
		line = strings.TrimSpace(strings.TrimSuffix(line, "\r"))
		if line == "" {
			continue
		}
		if n++; n > maxLines {
			return nil, fmt.Errorf("the policy has more than %d lines", maxLines)
		}
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fmt.Errorf("the line %.40q is no key with a value", line)
		}
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if key != "mx" {
			if seen[key] {
				continue // the first counts (RFC 8461 section 3.2)
			}
			seen[key] = true
		}
		if err := p.field(key, value); err != nil {
			return nil, err
		}
	}
	switch {
	case !seen["version"]:
		return nil, errors.New("the policy has no version")
	case p.Mode == "":
		return nil, errors.New("the policy has no mode")
	case p.MaxAge < 0:
		return nil, errors.New("the policy has no max_age")
	case len(p.MX) == 0 && p.Mode != Off:
		return nil, errors.New("the policy names no mail server (mx)")
	}
	return p, nil
}

func (p *Policy) field(key, value string) error {
	switch key {
	case "version":
		if value != "STSv1" {
			return fmt.Errorf("the policy is of the version %.20q, not STSv1", value)
		}
	case "mode":
		switch m := Mode(value); m {
		case Enforce, Testing, Off:
			p.Mode = m
		default:
			return fmt.Errorf("the mode %.20q is none of enforce, testing and none", value)
		}
	case "max_age":
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < 0 || n > maxAge {
			return fmt.Errorf("max_age %.20q is not between 0 and %d", value, maxAge)
		}
		p.MaxAge = time.Duration(n) * time.Second
	case "mx":
		host := strings.TrimPrefix(value, "*.")
		if !mail.Name(host) || strings.Contains(host, "*") {
			return fmt.Errorf("mx %.60q is no name of a server", value)
		}
		p.MX = append(p.MX, strings.ToLower(value))
	}
	return nil
}

// Lets reports whether the policy lets mail be delivered to a host. A star stands
// for exactly one label.
func (p *Policy) Lets(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	_, parent, _ := strings.Cut(host, ".")
	for _, m := range p.MX {
		if m == host {
			return true
		}
		if rest, ok := strings.CutPrefix(m, "*."); ok && rest == parent {
			return true
		}
	}
	return false
}
