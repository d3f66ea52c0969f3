package api_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/web/api"
	"github.com/asepsis/asepsis/internal/web/api/apitest"
)

// stuck answers when the request's time is over.
type stuck struct{ *apitest.Fake }

func (stuck) Today(ctx context.Context, _ access.Caller) (*api.Today, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestWorkIsBoundedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(c *api.Config) { c.Reader = stuck{c.Reader.(*apitest.Fake)} })
		begun := time.Now()
		p := decode[api.Problem](t, w.get(w.session(w.tenant, access.Auditor), "/today"), 503)
		if took := time.Since(begun); took != 30*time.Second || p.Hint == "" {
			t.Errorf("after %v: %+v", took, p)
		}
	})
}
