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
	h.most = 3
	for range 3 {
		if _, _, ok := h.subscribe("tn_a"); !ok {
			t.Fatal("no place")
		}
	}
	if _, _, ok := h.subscribe("tn_b"); ok {
		t.Error("a fourth client is let in")
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
