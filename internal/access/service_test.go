package access_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/access/accesstest"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/secret"
)

const goodPassword = "correct horse battery staple"

var (
	home     = netip.MustParseAddr("10.1.2.3")
	stranger = netip.MustParseAddr("203.0.113.7")
	cheap    = access.Cost{MemoryKiB: 64, Passes: 1, Lanes: 1}
	key      = secret.New(strings.Repeat("k", access.KeySize))
)

// world is a service over a store in memory, with a clock that tests move.
type world struct {
	*access.Service
	t     *testing.T
	store *accesstest.Memory
	now   time.Time
	// phones has the second factor of each mail address.
	phones map[string]string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, store: accesstest.NewMemory(), now: time.Date(2026, 11, 25, 3, 0, 0, 0, time.UTC), phones: map[string]string{}}
	var err error
	w.Service, err = access.New(w.store, key, access.Options{Now: func() time.Time { return w.now }, Cost: cheap})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) pass(d time.Duration) { w.now = w.now.Add(d) }

// code is what the phone of a user shows now.
func (w *world) code(email string) string {
	w.t.Helper()
	return access.CodeForTest(w.phones[email], w.now)
}

// enroll goes through a set-up link.
func (w *world) enroll(link secret.Text, name, email string) *access.SignedIn {
	w.t.Helper()
	en, err := w.Begin(w.t.Context(), link.Reveal(), name, email, secret.New(goodPassword), home)
	if err != nil {
		w.t.Fatal(err)
	}
	w.phones[email] = en.Secret.Reveal()
	in, err := w.Confirm(w.t.Context(), link.Reveal(), w.code(email), home)
	if err != nil {
		w.t.Fatal(err)
	}
	w.pass(time.Minute)
	return in
}

// administrator finishes the first run.
func (w *world) administrator() *access.SignedIn {
	w.t.Helper()
	link, err := w.FirstLink(w.t.Context(), "")
	if err != nil {
		w.t.Fatal(err)
	}
	return w.enroll(link, "Ann Baker", "ann@hospital.example")
}

func (w *world) signIn(email, password, code, device string, from netip.Addr) (*access.SignedIn, error) {
	return w.SignIn(w.t.Context(), access.Credentials{Email: email, Password: secret.New(password), Code: code, Device: device}, from)
}

func wantKind(t *testing.T, what string, err error, k errs.Kind) {
	t.Helper()
	if !errs.Is(err, k) {
		t.Errorf("%s: %v, want an error of kind %v", what, err, k)
	}
}

func TestFirstRun(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	old, err := w.FirstLink(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	in := w.administrator()
	if in.Caller.Role() != access.Administrator || len(in.Recovery) != 10 || !in.First {
		t.Errorf("first user: role %v, %d recovery codes, first %v", in.Caller.Role(), len(in.Recovery), in.First)
	}
	if _, err := w.LinkInfo(ctx, old.Reveal(), home); !errs.Is(err, errs.Unsigned) {
		t.Errorf("a replaced link: %v", err)
	}
	_, err = w.FirstLink(ctx, "")
	wantKind(t, "a first link after the first run", err, errs.Conflict)
	needed, err := w.SetUpNeeded(ctx)
	if err != nil || needed {
		t.Errorf("set-up needed = %v, %v", needed, err)
	}
	who, err := w.BySession(ctx, in.Session.Reveal(), home)
	if err != nil || who.Tenant() != in.Caller.Tenant() || who.Tenant() == "" {
		t.Errorf("session of the first user: %v, %v", who, err)
	}
}

func TestLinkIsUsedOnceAndExpires(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	link, _ := w.FirstLink(ctx, "")
	begin := func() error {
		en, err := w.Begin(ctx, link.Reveal(), "Ann", "ann@hospital.example", secret.New(goodPassword), home)
		if err == nil {
			w.phones["ann@hospital.example"] = en.Secret.Reveal()
		}
		return err
	}
	_, err := w.Confirm(ctx, link.Reveal(), "000000", home)
	wantKind(t, "confirm before begin", err, errs.Conflict)
	if err := errors.Join(begin(), begin()); err != nil {
		t.Fatalf("begin twice: %v", err)
	}
	_, err = w.Confirm(ctx, link.Reveal(), "12345", home)
	wantKind(t, "wrong code", err, errs.Invalid)
	if _, err := w.Confirm(ctx, link.Reveal(), w.code("ann@hospital.example"), home); err != nil {
		t.Fatal(err)
	}
	wantKind(t, "begin with a used link", begin(), errs.Unsigned)

	v := newWorld(t)
	link, _ = v.FirstLink(ctx, "")
	v.pass(25 * time.Hour)
	_, err = v.LinkInfo(ctx, link.Reveal(), home)
	wantKind(t, "an expired link", err, errs.Unsigned)
}

func TestFirstLinkEndsWithTheFirstUser(t *testing.T) {
	w := newWorld(t)
	link, err := w.FirstLink(t.Context(), "tn_here")
	if err != nil {
		t.Fatal(err)
	}
	if info, err := w.LinkInfo(t.Context(), link.Reveal(), home); err != nil || !info.First || info.Tenant != "tn_here" {
		t.Errorf("link = %+v, %v", info, err)
	}
	if _, err := w.Enter(t.Context(), access.Command("tn_here", "test"), "Ann", "ann@hospital.example", access.Administrator); err != nil {
		t.Fatal(err)
	}
	_, err = w.LinkInfo(t.Context(), link.Reveal(), home)
	wantKind(t, "a first link beside a user", err, errs.Unsigned)
	_, err = w.signIn("ann@hospital.example", "", "", "", home)
	wantKind(t, "sign in as a user without a password", err, errs.Unsigned)
	_, err = w.Enter(t.Context(), access.Caller{}, "Ann", "ann@hospital.example", access.Administrator)
	wantKind(t, "enter without the command line", err, errs.Denied)
}

func TestSignIn(t *testing.T) {
	w := newWorld(t)
	w.administrator()
	const ann = "ann@hospital.example"
	for _, c := range []struct {
		name, email, password, code string
		ok                          bool
	}{
		{"all right", " Ann@Hospital.Example ", goodPassword, "", true},
		{"wrong password", ann, "wrong horse battery staple", "", false},
		{"wrong code", ann, goodPassword, "1", false},
		{"no code", ann, goodPassword, " ", false},
		{"unknown name", "bob@hospital.example", goodPassword, "", false},
	} {
		w.pass(time.Hour)
		code := c.code
		if code == "" {
			code = w.code(ann)
		}
		_, err := w.signIn(c.email, c.password, code, "", home)
		if c.ok && err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if !c.ok {
			wantKind(t, c.name, err, errs.Unsigned)
			if got, want := errs.Public(err), "mail address, password or code is wrong"; got != want {
				t.Errorf("%s: %q, want %q: the text must not tell which", c.name, got, want)
			}
		}
	}
}

func TestCodeIsUsedOnce(t *testing.T) {
	w := newWorld(t)
	in := w.administrator()
	const ann = "ann@hospital.example"
	code := w.code(ann)
	if _, err := w.signIn(ann, goodPassword, code, "", home); err != nil {
		t.Fatal(err)
	}
	_, err := w.signIn(ann, goodPassword, code, "", home)
	wantKind(t, "a replayed code", err, errs.Unsigned)

	spare := strings.ToUpper(strings.NewReplacer("0", "o", "1", "l").Replace(in.Recovery[3].Reveal()))
	if _, err := w.signIn(ann, goodPassword, " "+spare+" ", "", home); err != nil {
		t.Errorf("a recovery code: %v", err)
	}
	_, err = w.signIn(ann, goodPassword, spare, "", home)
	wantKind(t, "a recovery code used twice", err, errs.Unsigned)
}

func TestSessionEnds(t *testing.T) {
	for _, c := range []struct {
		name  string
		after func(*world, *access.SignedIn)
		ends  bool
	}{
		{"at once it holds", func(*world, *access.SignedIn) {}, false},
		{"idle too long", func(w *world, _ *access.SignedIn) { w.pass(12*time.Hour + time.Minute) }, true},
		{"in use it holds", func(w *world, in *access.SignedIn) {
			for range 20 {
				w.pass(4 * time.Hour)
				_, _ = w.BySession(t.Context(), in.Session.Reveal(), home)
			}
		}, false},
		{"in use for more than a week", func(w *world, in *access.SignedIn) {
			for range 43 {
				w.pass(4 * time.Hour)
				_, _ = w.BySession(t.Context(), in.Session.Reveal(), home)
			}
		}, true},
		{"only listened to", func(w *world, in *access.SignedIn) {
			for range 13 {
				w.pass(time.Hour)
				_, _ = w.CheckSession(t.Context(), in.Session.Reveal(), home)
			}
		}, true},
		{"signed out", func(w *world, in *access.SignedIn) { _ = w.SignOut(t.Context(), in.Caller, in.Session.Reveal()) }, true},
		{"swept while it holds", func(w *world, _ *access.SignedIn) { _ = w.Sweep(t.Context()) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			in := w.administrator()
			c.after(w, in)
			_, err := w.BySession(t.Context(), in.Session.Reveal(), home)
			if c.ends {
				wantKind(t, "session", err, errs.Unsigned)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSignInReplacesTheSession(t *testing.T) {
	w := newWorld(t)
	in := w.administrator()
	const ann = "ann@hospital.example"
	next, err := w.SignIn(t.Context(), access.Credentials{Email: ann, Password: secret.New(goodPassword), Code: w.code(ann), Session: in.Session.Reveal()}, home)
	if err != nil {
		t.Fatal(err)
	}
	if next.Session.Equal(in.Session) {
		t.Error("the session id stays the same over a sign-in")
	}
	_, err = w.BySession(t.Context(), in.Session.Reveal(), home)
	wantKind(t, "the session before", err, errs.Unsigned)
}

func TestPasswordChangeEndsOtherSessions(t *testing.T) {
	w := newWorld(t)
	in := w.administrator()
	const ann = "ann@hospital.example"
	ctx := t.Context()
	other, err := w.signIn(ann, goodPassword, w.code(ann), "", home)
	if err != nil {
		t.Fatal(err)
	}
	w.pass(time.Minute)
	const next = "seven purple wagons rolling"
	change := func(password, code, to string) (*access.SignedIn, error) {
		return w.ChangePassword(ctx, in.Caller, access.Credentials{Password: secret.New(password), Code: code}, secret.New(to), home)
	}
	_, err = change("wrong", w.code(ann), next)
	wantKind(t, "with a wrong password", err, errs.Invalid)
	_, err = change(goodPassword, w.code(ann), "short")
	wantKind(t, "to a short one", err, errs.Invalid)
	now, err := change(goodPassword, w.code(ann), next)
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]secret.Text{"the session that asked": in.Session, "another session": other.Session} {
		_, err := w.BySession(ctx, s.Reveal(), home)
		wantKind(t, name, err, errs.Unsigned)
	}
	if _, err := w.BySession(ctx, now.Session.Reveal(), home); err != nil {
		t.Errorf("the fresh session: %v", err)
	}
	w.pass(time.Minute)
	_, err = w.signIn(ann, goodPassword, w.code(ann), "", home)
	wantKind(t, "sign in with the old password", err, errs.Unsigned)
}

func TestRoles(t *testing.T) {
	w := newWorld(t)
	admin := w.administrator().Caller
	ctx := t.Context()
	_, link, err := w.Invite(ctx, admin, "Ed Auditor", "ed@hospital.example", access.Auditor)
	if err != nil {
		t.Fatal(err)
	}
	en, err := w.Begin(ctx, link.Reveal(), "Ed Auditor", "", secret.New(goodPassword), home)
	if err != nil {
		t.Fatal(err)
	}
	w.phones["ed@hospital.example"] = en.Secret.Reveal()
	in, err := w.Confirm(ctx, link.Reveal(), w.code("ed@hospital.example"), home)
	if err != nil {
		t.Fatal(err)
	}
	ed := in.Caller
	if ed.Tenant() != admin.Tenant() || ed.Name() != "ed@hospital.example" {
		t.Errorf("invited user is %s of %s", ed.Name(), ed.Tenant())
	}
	_, _, err = w.Invite(ctx, ed, "X", "x@hospital.example", access.Analyst)
	wantKind(t, "an auditor invites", err, errs.Denied)
	_, _, err = w.NewToken(ctx, ed, "x", access.Auditor, w.now.Add(time.Hour))
	wantKind(t, "an auditor makes a token", err, errs.Denied)
	_, _, err = w.Invite(ctx, admin, "Y", "ED@hospital.example", access.Analyst)
	wantKind(t, "a taken mail address", err, errs.Conflict)

	_, err = w.ChangeUser(ctx, admin, admin.ID(), access.UserChange{Role: new(access.Auditor)})
	wantKind(t, "the last administrator steps down", err, errs.Conflict)
	_, err = w.ChangeUser(ctx, admin, admin.ID(), access.UserChange{Disabled: new(true)})
	wantKind(t, "the last administrator is disabled", err, errs.Conflict)

	if _, err := w.ChangeUser(ctx, admin, ed.ID(), access.UserChange{Role: new(access.Executive)}); err != nil {
		t.Fatal(err)
	}
	now, err := w.BySession(ctx, in.Session.Reveal(), home)
	if err != nil || now.Can(access.ReadAudit) || !now.Can(access.ReadSummary) {
		t.Errorf("after the change of role: %v, %v", now.Role(), err)
	}
	if _, err := w.ChangeUser(ctx, admin, ed.ID(), access.UserChange{Disabled: new(true)}); err != nil {
		t.Fatal(err)
	}
	_, err = w.BySession(ctx, in.Session.Reveal(), home)
	wantKind(t, "session of a disabled user", err, errs.Unsigned)
	w.pass(time.Hour)
	_, err = w.signIn("ed@hospital.example", goodPassword, w.code("ed@hospital.example"), "", home)
	wantKind(t, "a disabled user signs in", err, errs.Unsigned)
	if u, err := w.ChangeUser(ctx, admin, ed.ID(), access.UserChange{Disabled: new(false)}); err != nil || u.State != access.Active {
		t.Errorf("enabled again: %v, %v", u.State, err)
	}
}

func TestOtherTenantIsOutOfReach(t *testing.T) {
	w := newWorld(t)
	admin := w.administrator().Caller
	ctx := t.Context()
	other := access.Command("tn_other", "test")
	if us, err := w.Users(ctx, other); err != nil || len(us) != 0 {
		t.Errorf("users seen from another tenant: %v, %v", us, err)
	}
	_, err := w.ChangeUser(ctx, other, admin.ID(), access.UserChange{Name: new("Mallory")})
	wantKind(t, "change a user of another tenant", err, errs.NotFound)
	_, err = w.Relink(ctx, other, admin.ID())
	wantKind(t, "link for a user of another tenant", err, errs.NotFound)
	tok, _, err := w.NewToken(ctx, admin, "backup", access.Auditor, w.now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	wantKind(t, "revoke a token of another tenant", w.RevokeToken(ctx, other, tok.ID), errs.NotFound)
	if evs, err := w.Events(ctx, other, access.EventQuery{Limit: 9}); err != nil || len(evs) != 0 {
		t.Errorf("audit trail seen from another tenant: %v, %v", evs, err)
	}
}

func TestTokens(t *testing.T) {
	w := newWorld(t)
	admin := w.administrator().Caller
	ctx := t.Context()
	tok, text, err := w.NewToken(ctx, admin, " nightly  export ", access.Auditor, w.now.Add(24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(text.Reveal(), access.TokenPrefix) || tok.Name != "nightly export" || !strings.HasPrefix(text.Reveal(), tok.Prefix) {
		t.Errorf("token %q has prefix %q", tok.Name, tok.Prefix)
	}
	who, err := w.ByToken(ctx, text.Reveal(), stranger)
	if err != nil || who.Role() != access.Auditor || who.From() != access.PublicNet || who.How() != access.ByToken {
		t.Errorf("caller by token: %v %v %v, %v", who.Role(), who.From(), who.How(), err)
	}
	if _, err := w.Me(ctx, who); !errs.Is(err, errs.Denied) {
		t.Errorf("a token is taken for a user: %v", err)
	}
	if ts, _ := w.Tokens(ctx, admin); len(ts) != 1 || ts[0].LastUsed.IsZero() {
		t.Errorf("tokens = %+v, want one that was used", ts)
	}
	w.pass(24 * time.Hour)
	_, err = w.ByToken(ctx, text.Reveal(), home)
	wantKind(t, "an expired token", err, errs.Unsigned)

	tok, text, _ = w.NewToken(ctx, admin, "b", access.Analyst, w.now.Add(24*time.Hour))
	if err := w.RevokeToken(ctx, admin, tok.ID); err != nil {
		t.Fatal(err)
	}
	_, err = w.ByToken(ctx, text.Reveal(), home)
	wantKind(t, "a revoked token", err, errs.Unsigned)
	_, _, err = w.NewToken(ctx, admin, "c", access.Analyst, w.now.Add(2*access.LongestToken))
	wantKind(t, "a token for two years", err, errs.Invalid)
}

func TestStrangerCannotLockOutForGood(t *testing.T) {
	w := newWorld(t)
	in := w.administrator()
	const ann = "ann@hospital.example"
	tries := func(n int, from netip.Addr) (limited int) {
		for range n {
			if _, err := w.signIn(ann, "wrong horse battery staple", "123456", "", from); errs.Is(err, errs.Limited) {
				limited++
			}
		}
		return limited
	}
	if got := tries(50, stranger); got != 50-6 {
		t.Errorf("%d of 50 tries in one moment were put off, want %d", got, 50-6)
	}
	_, err := w.signIn(ann, goodPassword, w.code(ann), "", home)
	wantKind(t, "the right sign-in on a new browser while a stranger tries", err, errs.Limited)
	var wait *access.WaitError
	if !errors.As(err, &wait) || wait.Wait <= 0 || wait.Wait > 15*time.Minute {
		t.Errorf("wait = %v", wait)
	}
	if _, err := w.signIn(ann, goodPassword, w.code(ann), in.Device.Reveal(), home); err != nil {
		t.Errorf("the browser that signed in before: %v", err)
	}
	// However long the stranger goes on, no wait is longer than a quarter of an hour.
	for i := range 200 {
		tries(1, netip.MustParseAddr(fmt.Sprintf("203.0.%d.%d", 113+i/250, i%250)))
		w.pass(16 * time.Minute)
	}
	w.pass(16 * time.Minute)
	if _, err := w.signIn(ann, goodPassword, w.code(ann), "", home); err != nil {
		t.Errorf("after a quarter of an hour: %v", err)
	}
}

func TestKnownBrowserIsCountedToo(t *testing.T) {
	w := newWorld(t)
	in := w.administrator()
	limited := false
	for range 10 {
		_, err := w.signIn("ann@hospital.example", "wrong horse battery staple", "123456", in.Device.Reveal(), home)
		limited = limited || errs.Is(err, errs.Limited)
	}
	if !limited {
		t.Error("a stolen device mark gives unlimited tries")
	}
}

func TestAddressIsLimitedAcrossAccounts(t *testing.T) {
	w := newWorld(t)
	limited := 0
	for i := range 60 {
		_, err := w.signIn(fmt.Sprintf("p%d@hospital.example", i), goodPassword, "123456", "", netip.MustParseAddr(fmt.Sprintf("2001:db8:0:1::%x", i+1)))
		if errs.Is(err, errs.Limited) {
			limited++
		}
	}
	if want := 60 - 21; limited != want {
		t.Errorf("%d of 60 sprayed tries of one /64 were put off, want %d", limited, want)
	}
}

func TestAuditTrailHoldsNoSecret(t *testing.T) {
	w := newWorld(t)
	in := w.administrator()
	ctx := t.Context()
	_, _ = w.signIn("ann@hospital.example", "wrong horse battery staple", "123456", "", stranger)
	_, _ = w.signIn(goodPassword, "x", "1", "", stranger)
	_, text, _ := w.NewToken(ctx, in.Caller, "t", access.Auditor, w.now.Add(time.Hour))
	_, link, _ := w.Invite(ctx, in.Caller, "B", "b@hospital.example", access.Analyst)
	var all strings.Builder
	for _, tenant := range []string{"", in.Caller.Tenant()} {
		err := w.store.View(ctx, func(r access.Reader) error {
			evs, err := r.Events(tenant, access.EventQuery{Limit: 100})
			_, _ = fmt.Fprintf(&all, "%+v\n", evs)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range []string{goodPassword, "wrong horse", "123456", text.Reveal(), link.Reveal(), in.Session.Reveal(), stranger.String(), "10.1.2.3"} {
		if strings.Contains(all.String(), s) {
			t.Errorf("the audit trail holds %q", s)
		}
	}
	for _, a := range []string{"user.set_up", "session.begin", "refused", "token.create", "user.invite"} {
		if !strings.Contains(all.String(), a) {
			t.Errorf("the audit trail has no %s", a)
		}
	}
}

func TestLinkForSomebodyWhoLostThePhone(t *testing.T) {
	w := newWorld(t)
	in := w.administrator()
	ctx := t.Context()
	const ann = "ann@hospital.example"
	link, err := w.Relink(ctx, in.Caller, in.Caller.ID())
	if err != nil {
		t.Fatal(err)
	}
	en, err := w.Begin(ctx, link.Reveal(), "Ann", "mallory@elsewhere.example", secret.New("another long passphrase"), home)
	if err != nil {
		t.Fatal(err)
	}
	// Until the link is confirmed, what was before holds.
	if _, err := w.signIn(ann, goodPassword, w.code(ann), "", home); err != nil {
		t.Errorf("before the link is confirmed: %v", err)
	}
	w.phones[ann] = en.Secret.Reveal()
	out, err := w.Confirm(ctx, link.Reveal(), w.code(ann), home)
	if err != nil {
		t.Fatal(err)
	}
	if out.User.Email != ann {
		t.Errorf("the link changed the mail address to %s", out.User.Email)
	}
	_, err = w.BySession(ctx, in.Session.Reveal(), home)
	wantKind(t, "the session before", err, errs.Unsigned)
}

func TestPasswordsThatAreRefused(t *testing.T) {
	w := newWorld(t)
	link, _ := w.FirstLink(t.Context(), "")
	for _, p := range []string{"short", "aaaaaaaaaaaaaaaa", "Password12345", "annbaker@hosp", strings.Repeat("long ", 60), "\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7\xf6\xf5\xf4", "qwerty123456"} {
		_, err := w.Begin(t.Context(), link.Reveal(), "Ann Baker", "annbaker@hospital.example", secret.New(p), home)
		wantKind(t, fmt.Sprintf("password %.20q", p), err, errs.Invalid)
	}
}

func TestWrongKeyIsNoticed(t *testing.T) {
	if _, err := access.New(accesstest.NewMemory(), secret.New("short"), access.Options{Now: time.Now}); err == nil {
		t.Error("a short key is taken")
	}
	w := newWorld(t)
	w.administrator()
	other, err := access.New(w.store, secret.New(strings.Repeat("x", access.KeySize)), access.Options{Now: func() time.Time { return w.now }, Cost: cheap})
	if err != nil {
		t.Fatal(err)
	}
	_, err = other.SignIn(t.Context(), access.Credentials{Email: "ann@hospital.example", Password: secret.New(goodPassword), Code: w.code("ann@hospital.example")}, home)
	if err == nil || errs.Is(err, errs.Unsigned) {
		t.Errorf("with another key file: %v, want an internal error that names the key file", err)
	}
}
