package api

import (
	"fmt"
	"sync"
	"testing"
)

func TestHubCutsOffSlowClients(t *testing.T) {
	h := NewHub()
	slow, _, ok := h.subscribe("tn_a")
	if !ok {
		t.Fatal("no place")
	}
	fast, cancel, _ := h.subscribe("tn_a")
	for i := range eventBuffer + 10 {
		h.Publish("tn_a", Event{Type: "changed", Version: fmt.Sprint(i)})
		if e := <-fast; e.Version != fmt.Sprint(i) {
			t.Fatalf("the client that keeps up gets %s, want %d", e.Version, i)
		}
	}
	n := 0
	for range slow { // ends, since the channel was closed
		n++
	}
	if n != eventBuffer {
		t.Errorf("the slow client got %d events, want the %d of its buffer", n, eventBuffer)
	}
	cancel()
	if len(h.subs) != 0 {
		t.Errorf("%d subscriptions left", len(h.subs))
	}
}

func TestHubIsBounded(t *testing.T) {
	h := NewHub()
	h.most = 8
	for _, c := range []struct {
		tenant string
		ok     bool
	}{
		{"tn_a", true},
		{"tn_a", true},
		{"tn_a", false}, // a tenant may take a quarter
		{"tn_b", true},
		{"tn_b", true},
		{"tn_c", true},
		{"tn_c", true},
		{"tn_d", true},
		{"tn_d", true},
		{"tn_e", false}, // full
	} {
		if _, _, ok := h.subscribe(c.tenant); ok != c.ok {
			t.Errorf("%s, with %d clients: %v, want %v", c.tenant, len(h.subs), ok, c.ok)
		}
	}
}

func TestHubFromManyGoroutines(t *testing.T) {
	h := NewHub()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				events, cancel, _ := h.subscribe("tn_a")
				h.Publish("tn_a", Event{Type: "changed"})
				<-events
				cancel()
			}
		})
	}
	wg.Wait()
	if len(h.subs) != 0 {
		t.Errorf("%d subscriptions left", len(h.subs))
	}
}
