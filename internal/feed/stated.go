package feed

import (
	"strings"
	"sync"
	"time"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/feed/jscan"
	"github.com/asepsis/asepsis/internal/feed/record"
)

// stated is what people state of the folders of sources, in a document of the form
// {"asepsis_source": {"fetched": "2026-11-25T06:00:00Z"}}: when what lies beside it
// and below was fetched. Many sources do not say it themselves.
type stated struct {
	mu      sync.Mutex
	folders map[string]time.Time
}

// A time that is to come is a mistake, which would make the folder look fresh for ever:
// the error says so, and the folder then has no stated date.
func (s *stated) add(file string, b []byte, now time.Time) error {
	d := jscan.New(b)
	var at time.Time
	d.Object(func(key []byte) {
		if string(key) == "asepsis_source" {
			d.Object(func(key []byte) {
				if string(key) == "fetched" {
					at = record.Time(d.Brief())
				}
			})
		}
	})
	dir, _ := splitPath(file)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.folders == nil {
		s.folders = make(map[string]time.Time)
	}
	if at.After(now.Add(clockSlack)) {
		s.folders[dir] = time.Time{}
		return errs.New(errs.Invalid, "it says that the folder was fetched on %s, which is to come; the newest change of a record counts instead", at.Format(time.DateOnly))
	}
	if at.IsZero() {
		s.folders[dir] = time.Time{}
		return errs.New(errs.Invalid, "it does not say when the folder was fetched, as in 2026-11-25T06:00:00Z")
	}
	s.folders[dir] = at
	return nil
}

// of returns the oldest date that holds for any of the files; zero where one of
// them has none.
func (s *stated) of(files map[string]bool) time.Time {
	var oldest time.Time
	for f := range files {
		at := s.at(f)
		if at.IsZero() {
			return time.Time{}
		}
		if oldest.IsZero() || at.Before(oldest) {
			oldest = at
		}
	}
	return oldest
}

func (s *stated) at(file string) time.Time {
	dir, _ := splitPath(file)
	for {
		if at, ok := s.folders[dir]; ok {
			return at
		}
		i := strings.LastIndexByte(dir, '/')
		if i < 0 {
			return time.Time{}
		}
		dir = dir[:i]
	}
}
