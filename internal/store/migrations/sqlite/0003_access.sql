-- +goose Up
CREATE TABLE access_users (
  id           TEXT PRIMARY KEY,
  tenant       TEXT NOT NULL,
  name         TEXT NOT NULL,
  email        TEXT NOT NULL UNIQUE, -- lower case
  role         TEXT NOT NULL,
  state        TEXT NOT NULL,
  password     TEXT NOT NULL,  -- argon2id, PHC form
  totp         BLOB,           -- sealed
  totp_step    BIGINT NOT NULL,
  recovery     BLOB NOT NULL,  -- SHA-256 of each code that is left
  created_at   BIGINT NOT NULL,
  last_sign_in BIGINT NOT NULL
);
CREATE INDEX access_users_tenant ON access_users (tenant, email);

CREATE TABLE access_sessions (
  hash     BLOB PRIMARY KEY,
  user_id  TEXT NOT NULL,
  tenant   TEXT NOT NULL,
  begun_at BIGINT NOT NULL,
  seen_at  BIGINT NOT NULL,
  origin   TEXT NOT NULL
);
CREATE INDEX access_sessions_user ON access_sessions (user_id);

CREATE TABLE access_tokens (
  id         TEXT PRIMARY KEY,
  tenant     TEXT NOT NULL,
  name       TEXT NOT NULL,
  role       TEXT NOT NULL,
  prefix     TEXT NOT NULL,
  hash       BLOB NOT NULL UNIQUE,
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  last_used  BIGINT NOT NULL
);
CREATE INDEX access_tokens_tenant ON access_tokens (tenant, created_at);

CREATE TABLE access_links (
  hash       BLOB PRIMARY KEY,
  first_run  BIGINT NOT NULL, -- for the first run, which makes the organization
  user_id    TEXT NOT NULL,
  tenant     TEXT NOT NULL,
  expires_at BIGINT NOT NULL,
  name       TEXT NOT NULL,
  email      TEXT NOT NULL,
  password   TEXT NOT NULL, -- argon2id, PHC form
  totp       BLOB           -- sealed
);

-- The product's own audit trail. Rows of no tenant are sign-ins under names
-- nobody has.
CREATE TABLE access_events (
  id      TEXT PRIMARY KEY,
  tenant  TEXT NOT NULL,
  at      BIGINT NOT NULL,
  who     TEXT NOT NULL,
  who_id  TEXT NOT NULL,
  action  TEXT NOT NULL,
  target  TEXT NOT NULL,
  outcome TEXT NOT NULL,
  origin  TEXT NOT NULL,
  detail  TEXT NOT NULL -- JSON
);
CREATE INDEX access_events_tenant ON access_events (tenant, id);
