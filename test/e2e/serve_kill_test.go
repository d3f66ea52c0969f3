//go:build unix

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestKilledServer kills the server again and again while it takes files and
// decides the goals. What it acknowledged before is there after it starts
// again, with nothing more to do for the operator.
func TestKilledServer(t *testing.T) {
	needsTime(t)
	f := newFolder(t)
	s := f.serve()
	s.setUpAdministrator()
	token := s.token("administrator")
	s.idle()
	acknowledged := map[string]bool{} // ids of imports
	assessed := ""                    // the newest assessment that was shown
	const rounds = 6
	for round := range rounds {
		answers := make(chan []byte)
		go func() {
			defer close(answers)
			for i := 0; ; i++ {
				code, b, err := s.bring(fmt.Sprintf("r%d-%d.csv", round, i), roster(fmt.Sprintf("R%dx%dx", round, i), 300))
				if err != nil {
					return // killed
				}
				if code == http.StatusOK {
					answers <- b
				}
			}
		}()
		deadline := time.After(time.Duration(300+150*round) * time.Millisecond)
		killed := false
		for b := range answers {
			var got struct{ ID string }
			if err := json.Unmarshal(b, &got); err != nil || got.ID == "" {
				t.Fatalf("an import answered %s: %v", b, err)
			}
			acknowledged[got.ID] = true
			select {
			case <-deadline:
				if !killed {
					s.stop(syscall.SIGKILL)
					killed = true
				}
			default:
			}
		}
		if !killed {
			t.Fatalf("the server stopped by itself\n%s", s.log)
		}

		s = f.serve()
		if s.setUp != "" {
			t.Fatalf("after a kill the set-up was offered again: %s", s.setUp)
		}
		s.http.Transport = bearer(token)
		var page struct {
			Items []struct {
				ID      string
				Rows    int
				Changes struct{ Added int }
			}
		}
		s.call(http.MethodGet, "/imports?limit=500", nil, &page)
		there := map[string]bool{}
		for _, i := range page.Items {
			there[i.ID] = true
			if i.Rows != 300 || i.Changes.Added != 300 {
				t.Errorf("import %s has %d rows and added %d, want 300", i.ID, i.Rows, i.Changes.Added)
			}
		}
		for id := range acknowledged {
			if !there[id] {
				t.Errorf("round %d: the acknowledged import %s is gone", round, id)
			}
		}
		if assessed != "" {
			s.call(http.MethodGet, "/assessments/"+assessed, nil, nil)
		}
		var today struct {
			Last *struct{ ID string } `json:"last_assessment"`
		}
		s.call(http.MethodGet, "/today", nil, &today)
		if today.Last != nil {
			assessed = today.Last.ID
		}
	}
	if len(acknowledged) < rounds || assessed == "" {
		t.Errorf("%d imports and assessment %q were acknowledged: too few to say anything", len(acknowledged), assessed)
	}
	// An orderly stop says nothing of trouble.
	s.stop(syscall.SIGTERM)
	if code := s.cmd.ProcessState.ExitCode(); code != 0 || strings.Contains(s.log.String(), "level=ERROR") {
		t.Errorf("the stop exited %d\n%s", code, s.log)
	}
	f.holds()
}

// bearer sends a token with each request.
type bearer string

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+string(b))
	return http.DefaultTransport.RoundTrip(r)
}
