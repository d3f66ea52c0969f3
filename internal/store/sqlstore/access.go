package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/evidence"
)

// Access keeps users, sessions, tokens, links and the audit trail of all tenants.
type Access struct{ db *DB }

var _ access.Store = (*Access)(nil)

// Access returns the store of the access stage.
func (db *DB) Access() *Access { return &Access{db} }

// View implements access.Store.
func (a *Access) View(ctx context.Context, f func(access.Reader) error) error {
	tx, err := a.db.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return classify(fmt.Errorf("begin: %w", err))
	}
	err = f(&accessTx{ctx: ctx, db: a.db, tx: tx})
	return classify(errors.Join(err, ignoreDone(tx.Rollback())))
}

// Update implements access.Store.
func (a *Access) Update(ctx context.Context, f func(access.Tx) error) error {
	return a.db.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return f(&accessTx{ctx: ctx, db: a.db, tx: tx})
	})
}

// accessTx lives as long as one transaction, and so does its context.
type accessTx struct {
	ctx context.Context //nolint:containedctx // the transaction's own
	db  *DB
	tx  *sql.Tx
}

func (t *accessTx) row(q string, args ...any) *sql.Row {
	return t.tx.QueryRowContext(t.ctx, q, args...)
}

func (t *accessTx) exec(q string, args ...any) (int64, error) {
	r, err := t.tx.ExecContext(t.ctx, q, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// found turns "no rows" into errs.NotFound.
func found[T any](v T, err error, what string) (T, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return v, errs.New(errs.NotFound, "no such %s", what)
	}
	return v, err
}

const userColumns = `id, tenant, name, email, role, state, password, totp, totp_step, recovery, created_at, last_sign_in`

func scanUser(s scanner) (access.User, error) {
	var u access.User
	var recovery []byte
	var created, last int64
	err := s.Scan(&u.ID, &u.Tenant, &u.Name, &u.Email, &u.Role, &u.State, &u.Password, &u.TOTP, &u.TOTPStep, &recovery, &created, &last)
	u.CreatedAt, u.LastSignIn = moment(created), moment(last)
	for ; len(recovery) >= len(access.Hash{}); recovery = recovery[len(access.Hash{}):] {
		u.Recovery = append(u.Recovery, access.Hash(recovery[:len(access.Hash{})]))
	}
	return u, err
}

func (t *accessTx) User(id string) (access.User, error) {
	u, err := scanUser(t.row(`SELECT `+userColumns+` FROM access_users WHERE id = $1`, id))
	return found(u, err, "user")
}

func (t *accessTx) UserByEmail(email string) (access.User, error) {
	u, err := scanUser(t.row(`SELECT `+userColumns+` FROM access_users WHERE email = $1`, email))
	return found(u, err, "user")
}

func (t *accessTx) Users(tenant string) ([]access.User, error) {
	rows, err := t.tx.QueryContext(t.ctx, `SELECT `+userColumns+` FROM access_users WHERE tenant = $1 ORDER BY email`, tenant)
	if err != nil {
		return nil, err
	}
	return collect(rows, scanUser)
}

func (t *accessTx) AnyUser() (bool, error) {
	var n int
	err := t.row(`SELECT count(*) FROM access_users WHERE state <> $1`, string(access.Invited)).Scan(&n)
	return n > 0, err
}

func (t *accessTx) Session(h access.Hash) (access.Session, error) {
	s := access.Session{Hash: h}
	var begun, seen int64
	err := t.row(`SELECT user_id, tenant, begun_at, seen_at, origin FROM access_sessions WHERE hash = $1`, h[:]).
		Scan(&s.User, &s.Tenant, &begun, &seen, &s.From)
	s.BegunAt, s.SeenAt = moment(begun), moment(seen)
	return found(s, err, "session")
}

const tokenColumns = `id, tenant, name, role, prefix, hash, created_by, created_at, expires_at, last_used`

func scanToken(s scanner) (access.Token, error) {
	var k access.Token
	var hash []byte
	var created, expires, used int64
	err := s.Scan(&k.ID, &k.Tenant, &k.Name, &k.Role, &k.Prefix, &hash, &k.CreatedBy, &created, &expires, &used)
	copy(k.Hash[:], hash)
	k.CreatedAt, k.ExpiresAt, k.LastUsed = moment(created), moment(expires), moment(used)
	return k, err
}

func (t *accessTx) Token(id string) (access.Token, error) {
	k, err := scanToken(t.row(`SELECT `+tokenColumns+` FROM access_tokens WHERE id = $1`, id))
	return found(k, err, "token")
}

func (t *accessTx) TokenByHash(h access.Hash) (access.Token, error) {
	k, err := scanToken(t.row(`SELECT `+tokenColumns+` FROM access_tokens WHERE hash = $1`, h[:]))
	return found(k, err, "token")
}

func (t *accessTx) Tokens(tenant string) ([]access.Token, error) {
	rows, err := t.tx.QueryContext(t.ctx, `SELECT `+tokenColumns+` FROM access_tokens WHERE tenant = $1 ORDER BY created_at DESC, id DESC`, tenant)
	if err != nil {
		return nil, err
	}
	return collect(rows, scanToken)
}

func (t *accessTx) Link(h access.Hash) (access.Link, error) {
	l := access.Link{Hash: h}
	var expires int64
	var firstRun int64
	err := t.row(`SELECT first_run, user_id, tenant, expires_at, name, email, password, totp FROM access_links WHERE hash = $1`, h[:]).
		Scan(&firstRun, &l.User, &l.Tenant, &expires, &l.Name, &l.Email, &l.Password, &l.TOTP)
	l.First, l.ExpiresAt = firstRun != 0, moment(expires)
	return found(l, err, "link")
}

func (t *accessTx) Events(tenant string, q access.EventQuery) ([]access.Event, error) {
	// LIKE is used with its wildcards escaped: a search is for text, not a pattern.
	escape := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace
	rows, err := t.tx.QueryContext(t.ctx, `SELECT `+eventColumns+` FROM access_events
		WHERE tenant = $1 AND ($2 = '' OR id < $3) AND ($4 = '' OR action LIKE $5 ESCAPE '\')
		AND ($6 = '' OR lower(who) LIKE $7 ESCAPE '\' OR lower(action) LIKE $8 ESCAPE '\' OR lower(target) LIKE $9 ESCAPE '\')
		ORDER BY id DESC LIMIT $10`,
		tenant, q.Before, q.Before, q.Action, escape(q.Action)+"%",
		q.Q, "%"+escape(strings.ToLower(q.Q))+"%", "%"+escape(strings.ToLower(q.Q))+"%", "%"+escape(strings.ToLower(q.Q))+"%", q.Limit)
	if err != nil {
		return nil, err
	}
	return collect(rows, scanEvent)
}

const eventColumns = `id, tenant, at, who, who_id, action, target, outcome, origin, detail`

func scanEvent(s scanner) (access.Event, error) {
	var e access.Event
	var at int64
	var detail []byte
	if err := s.Scan(&e.ID, &e.Tenant, &at, &e.Who, &e.WhoID, &e.Action, &e.Target, &e.Outcome, &e.From, &detail); err != nil {
		return e, err
	}
	e.At = moment(at)
	return e, json.Unmarshal(detail, &e.Detail)
}

func (t *accessTx) PutUser(u access.User) error {
	var other, tenant string
	err := t.row(`SELECT id, tenant FROM access_users WHERE email = $1 AND id <> $2`, u.Email, u.ID).Scan(&other, &tenant)
	switch {
	case err == nil:
		return errs.New(errs.Conflict, "another user has the mail address %s", u.Email)
	case !errors.Is(err, sql.ErrNoRows):
		return err
	}
	recovery := []byte{}
	for _, h := range u.Recovery {
		recovery = append(recovery, h[:]...)
	}
	n, err := t.exec(`INSERT INTO access_users (`+userColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, email = excluded.email, role = excluded.role, state = excluded.state,
		password = excluded.password, totp = excluded.totp, totp_step = excluded.totp_step, recovery = excluded.recovery,
		last_sign_in = excluded.last_sign_in WHERE access_users.tenant = excluded.tenant`,
		u.ID, u.Tenant, u.Name, u.Email, string(u.Role), string(u.State), u.Password, u.TOTP, u.TOTPStep, recovery, micros(u.CreatedAt), micros(u.LastSignIn))
	if err == nil && n == 0 {
		return errs.New(errs.Conflict, "the user belongs to another organization")
	}
	return err
}

func (t *accessTx) PutSession(s access.Session) error {
	_, err := t.exec(`INSERT INTO access_sessions (hash, user_id, tenant, begun_at, seen_at, origin) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (hash) DO UPDATE SET seen_at = excluded.seen_at, begun_at = excluded.begun_at, origin = excluded.origin`,
		s.Hash[:], s.User, s.Tenant, micros(s.BegunAt), micros(s.SeenAt), string(s.From))
	return err
}

func (t *accessTx) DeleteSession(h access.Hash) error {
	_, err := t.exec(`DELETE FROM access_sessions WHERE hash = $1`, h[:])
	return err
}

func (t *accessTx) DeleteSessionsOf(user string, keep access.Hash) error {
	_, err := t.exec(`DELETE FROM access_sessions WHERE user_id = $1 AND hash <> $2`, user, keep[:])
	return err
}

func (t *accessTx) DeleteStaleSessions(idle, begun, now time.Time) (int, error) {
	n, err := t.exec(`DELETE FROM access_sessions WHERE seen_at < $1 OR begun_at < $2`, micros(idle), micros(begun))
	if err != nil {
		return 0, err
	}
	_, err = t.exec(`DELETE FROM access_links WHERE expires_at < $1`, micros(now))
	return int(n), err
}

func (t *accessTx) PutToken(k access.Token) error {
	_, err := t.exec(`INSERT INTO access_tokens (`+tokenColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, role = excluded.role, expires_at = excluded.expires_at, last_used = excluded.last_used`,
		k.ID, k.Tenant, k.Name, string(k.Role), k.Prefix, k.Hash[:], k.CreatedBy, micros(k.CreatedAt), micros(k.ExpiresAt), micros(k.LastUsed))
	return err
}

func (t *accessTx) DeleteToken(id string) error {
	_, err := t.exec(`DELETE FROM access_tokens WHERE id = $1`, id)
	return err
}

func (t *accessTx) PutLink(l access.Link) error {
	_, err := t.exec(`INSERT INTO access_links (hash, first_run, user_id, tenant, expires_at, name, email, password, totp) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (hash) DO UPDATE SET first_run = excluded.first_run, user_id = excluded.user_id, tenant = excluded.tenant,
		expires_at = excluded.expires_at, name = excluded.name, email = excluded.email, password = excluded.password, totp = excluded.totp`,
		l.Hash[:], flag(l.First), l.User, l.Tenant, micros(l.ExpiresAt), l.Name, l.Email, l.Password, l.TOTP)
	return err
}

func (t *accessTx) DeleteLink(h access.Hash) error {
	_, err := t.exec(`DELETE FROM access_links WHERE hash = $1`, h[:])
	return err
}

func (t *accessTx) DeleteLinksOf(user string) error {
	_, err := t.exec(`DELETE FROM access_links WHERE user_id = $1`, user)
	return err
}

// Record appends to the audit trail and to the tenant's ledger: who could do
// what, and who came in, is part of what an auditor may ask about.
func (t *accessTx) Record(e access.Event) error {
	detail, err := json.Marshal(e.Detail)
	if err != nil {
		return fmt.Errorf("encode the event: %w", err)
	}
	_, err = t.exec(`INSERT INTO access_events (id, tenant, at, who, who_id, action, target, outcome, origin, detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		e.ID, e.Tenant, micros(e.At), e.Who, e.WhoID, e.Action, e.Target, e.Outcome, string(e.From), string(detail))
	if err != nil || e.Tenant == "" {
		return err
	}
	key, err := t.db.commitKey(e.Tenant)
	if err != nil {
		return err
	}
	d, err := evidence.AccessRecorded(key, e)
	if err != nil {
		return err
	}
	return appendEntry(t.ctx, t.tx, e.Tenant, d, e.At)
}
