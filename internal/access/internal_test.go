package access

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/secret"
)

// TestTOTPVectors runs the SHA-1 vectors of RFC 6238, appendix B, cut to the six
// digits that apps show.
func TestTOTPVectors(t *testing.T) {
	key := []byte("12345678901234567890")
	for at, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got := totpCode(key, step(time.Unix(at, 0))); got != want {
			t.Errorf("code at %d = %s, want %s", at, got, want)
		}
	}
}

func TestTOTPWindow(t *testing.T) {
	key := newTOTP()
	now := time.Unix(1_790_000_000, 0)
	for d, want := range map[int64]bool{-2: false, -1: true, 0: true, 1: true, 2: false} {
		at, ok := matchTOTP(key, totpCode(key, step(now)+d), now, 0)
		if ok != want || ok && at != step(now)+d {
			t.Errorf("code of step %+d: %v (step %d), want %v", d, ok, at-step(now), want)
		}
	}
	if _, ok := matchTOTP(key, totpCode(key, step(now)), now, step(now)); ok {
		t.Error("a used step is taken again")
	}
	if _, ok := matchTOTP(key, totpCode(key, step(now)-1), now, step(now)); ok {
		t.Error("a step before the used one is taken")
	}
}

func TestHashIsPortable(t *testing.T) {
	h := newHasher(Cost{MemoryKiB: 64, Passes: 1, Lanes: 1}, 1)
	s, err := h.hash(t.Context(), secret.New("é wide open"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(s, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Errorf("hash = %s", s)
	}
	// The same letters composed otherwise are the same password.
	if ok, err := h.verify(t.Context(), s, secret.New("e\u0301 wide open")); err != nil || !ok {
		t.Errorf("decomposed letters: %v, %v", ok, err)
	}
	if ok, _ := h.verify(t.Context(), s, secret.New("e wide open")); ok {
		t.Error("another password is taken")
	}
	if ok, _ := h.verify(t.Context(), "", secret.New("")); ok {
		t.Error("a user without a password can sign in")
	}
	if dearer := newHasher(Cost{MemoryKiB: 128, Passes: 1, Lanes: 1}, 1); !dearer.stale(s) || h.stale(s) {
		t.Error("a hash of another cost is not seen as stale, or one of the same is")
	}
}

func TestHashesAtOnceAreBounded(t *testing.T) {
	h := newHasher(Cost{MemoryKiB: 64, Passes: 1, Lanes: 1}, 2)
	h.slots <- struct{}{}
	h.slots <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := h.hash(ctx, secret.New("x"))
		done <- err
	}()
	cancel()
	if err := <-done; err == nil {
		t.Error("a third hash ran beside two others")
	}
}

func TestSealedSecretIsBoundToItsOwner(t *testing.T) {
	k, err := newKeys(secret.New(strings.Repeat("k", KeySize)))
	if err != nil {
		t.Fatal(err)
	}
	sealed := k.sealFor("us_1", []byte("secret"))
	if b, err := k.openFor("us_1", sealed); err != nil || string(b) != "secret" {
		t.Errorf("open = %q, %v", b, err)
	}
	if _, err := k.openFor("us_2", sealed); err == nil {
		t.Error("the secret of one user opens as that of another")
	}
	for i := range sealed {
		sealed[i] ^= 1
		if _, err := k.openFor("us_1", sealed); err == nil {
			t.Fatalf("byte %d was changed unnoticed", i)
		}
		sealed[i] ^= 1
	}
}

func TestLimiterIsBoundedAndCountsAtOnce(t *testing.T) {
	l := newLimiter()
	now := time.Unix(1_790_000_000, 0)
	var wg sync.WaitGroup
	var mu sync.Mutex
	let := 0
	for range 100 {
		wg.Go(func() {
			if _, err := l.try(now, counted{"account:a", freeTries}); err == nil {
				mu.Lock()
				let++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if let != freeTries+1 {
		t.Errorf("%d attempts at once were let through, want %d", let, freeTries+1)
	}
	for i := range mostCounted + 100 {
		_, _ = l.try(now, counted{"address:" + netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}).String(), addressFree})
	}
	if len(l.seen) > mostCounted {
		t.Errorf("%d counts are kept, want at most %d", len(l.seen), mostCounted)
	}
	if _, err := l.try(now, counted{"account:a", freeTries}); err == nil {
		t.Error("a flood of others made the limiter forget whom it blocks")
	}
	// A clock that jumps back must not block for longer than the longest wait.
	_, err := l.try(now.Add(-1000*time.Hour), counted{"account:a", freeTries})
	if w, ok := err.(*WaitError); !ok || w.Wait > longestWait { //nolint:errorlint // returned as it is
		t.Errorf("after the clock jumped back: %v", err)
	}
}

func TestRoleTable(t *testing.T) {
	for _, r := range Roles() {
		if !r.Valid() || r.Permissions()&Public != 0 {
			t.Errorf("%s: permissions %v", r, r.Permissions())
		}
		if !r.Within(Administrator) {
			t.Errorf("%s may something that an administrator may not", r)
		}
	}
	for _, c := range []struct {
		role Role
		p    Permission
		want bool
	}{
		{Auditor, Import, false},
		{Auditor, ManageUsers, false},
		{Auditor, ReadAudit, true},
		{Auditor, Assess, false},
		{Analyst, Import, true},
		{Analyst, Assess, true},
		{Analyst, ManageUsers, false},
		{Analyst, ManageParameters, false},
		{Analyst, ReadAudit, false},
		{Executive, ReadSummary, true},
		{Executive, ReadDetail, false},
		{Executive, Import, false},
		{Administrator, ManageUsers | Import, true},
		{"root", ReadSummary, false},
		{Administrator, 0, false},
	} {
		if got := (Caller{tenant: "tn_a", role: c.role}).Can(c.p); got != c.want {
			t.Errorf("%s may %v = %v, want %v", c.role, c.p, got, c.want)
		}
	}
	if (Caller{}).Can(ReadSummary) || (Caller{}).Known() {
		t.Error("nobody may something")
	}
}

func TestAddresses(t *testing.T) {
	for in, want := range map[string][2]string{
		"127.0.0.1": {"loopback", "127.0.0.1"}, "::1": {"loopback", "::/64"}, "10.9.8.7": {"private", "10.9.8.7"},
		"::ffff:192.168.1.1": {"private", "192.168.1.1"}, "fe80::1%eth0": {"private", "fe80::/64"},
		"203.0.113.9": {"public", "203.0.113.9"}, "2001:db8:1:2:3::4": {"public", "2001:db8:1:2::/64"},
	} {
		a := netip.MustParseAddr(in)
		if got := [2]string{string(ClassOf(a)), block(a)}; got != want {
			t.Errorf("%s: %v, want %v", in, got, want)
		}
	}
	if ClassOf(netip.Addr{}) != Unknown {
		t.Error("no address has a class")
	}
}

func TestWaitIsSaidInWords(t *testing.T) {
	for d, want := range map[time.Duration]string{time.Millisecond: "1 second", 31 * time.Second: "31 seconds", time.Minute: "1 minute", 61 * time.Second: "2 minutes"} {
		if got := roundUp(d); got != want {
			t.Errorf("roundUp(%v) = %q, want %q", d, got, want)
		}
	}
	err := error(&WaitError{Wait: 2 * time.Minute})
	if errs.KindOf(err) != errs.Limited || errs.HintOf(err) != "wait 2 minutes and try again" {
		t.Errorf("kind %v, hint %q", errs.KindOf(err), errs.HintOf(err))
	}
}

func FuzzSecret(f *testing.F) {
	good, _ := newSecret(sessionPrefix)
	for _, s := range []string{good.Reveal(), "", "ses_", "asepsis_x", good.Reveal() + "=", "ses_" + strings.Repeat("A", 43), "ses_" + strings.Repeat("B", 43), "ses_\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, p := range []string{sessionPrefix, TokenPrefix, linkPrefix} {
			h, err := parseSecret(p, s)
			if err == nil && (!strings.HasPrefix(s, p) || len(s) != len(p)+43 || h == Hash{}) {
				t.Errorf("parseSecret(%q, %q) takes it", p, s)
			}
			if err != nil && !errs.Is(err, errs.Unsigned) {
				t.Errorf("parseSecret(%q, %q): %v", p, s, err)
			}
		}
	})
}

func FuzzTOTP(f *testing.F) {
	key := []byte("12345678901234567890")
	for _, s := range []string{"287082", "28708", "２８７０８２", "-28708", "2870820", ""} {
		f.Add(s)
	}
	now := time.Unix(59, 0)
	f.Fuzz(func(t *testing.T, code string) {
		at, ok := matchTOTP(key, code, now, -9)
		if ok && code != totpCode(key, at) {
			t.Errorf("%q is taken for step %d", code, at)
		}
	})
}

func FuzzDeviceMark(f *testing.F) {
	k, err := newKeys(secret.New(strings.Repeat("k", KeySize)))
	if err != nil {
		f.Fatal(err)
	}
	now := time.Unix(1_790_000_000, 0)
	fresh := k.deviceMark("us_1", now).Reveal()
	if k.knownDevice("us_1", fresh, now) == "" {
		f.Fatal("a fresh mark is not known")
	}
	// The seed must be the same in every process that fuzzes.
	body := make([]byte, 24)
	binary.BigEndian.PutUint64(body, uint64(now.Unix()))
	good := base64.RawURLEncoding.EncodeToString(append(body, k.deviceMAC("us_1", body)...))
	if k.knownDevice("us_1", good, now) == "" || k.knownDevice("us_2", good, now) != "" || k.knownDevice("us_1", good, now.Add(deviceLife+time.Hour)) != "" {
		f.Fatal("a mark is known to the wrong user, or for too long, or not at all")
	}
	f.Add(good)
	f.Add("")
	f.Add(good[:len(good)-1] + "A")
	f.Fuzz(func(t *testing.T, mark string) {
		if mark != good && k.knownDevice("us_1", mark, now) != "" {
			t.Errorf("a forged mark is known: %q", mark)
		}
	})
}

func FuzzStoredHash(f *testing.F) {
	h := newHasher(Cost{MemoryKiB: 64, Passes: 1, Lanes: 1}, 1)
	f.Add(h.dummy)
	f.Add("$argon2id$v=19$m=4294967295,t=1,p=1$c2FsdHNhbHQ$aGFzaA")
	f.Add("$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$aGFzaA")
	f.Add("$$$$$")
	f.Fuzz(func(t *testing.T, s string) {
		c, salt, key, err := decodeHash(s)
		if err == nil && (c.MemoryKiB > maxMemoryKiB || c.Passes > maxPasses || len(salt) < 8 || len(key) != keyBytes) {
			t.Errorf("decodeHash(%q) takes %+v", s, c)
		}
	})
}
