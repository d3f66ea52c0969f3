package secret

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestNeverPrints(t *testing.T) {
	s := New("hunter2")
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "s", s, "p", &s, "in", struct{ S Text }{s})
	j, err := json.Marshal(map[string]any{"s": s, "p": &s})
	if err != nil {
		t.Fatal(err)
	}
	out := fmt.Sprintf("%v %+v %#v %s %q %x %d", s, s, s, s, s, s, s) + fmt.Sprintf("%+v %#v", struct{ S Text }{s}, &s) + log.String() + string(j)
	for _, leak := range []string{"hunter2", "68756e74657232"} {
		if strings.Contains(out, leak) {
			t.Errorf("printed: %s", out)
		}
	}
	if s.Reveal() != "hunter2" || !s.Equal(New("hunter2")) || s.Equal(New("hunter3")) {
		t.Error("the value itself is lost")
	}
}
