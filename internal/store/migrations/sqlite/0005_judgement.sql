-- +goose Up
-- A judging compares what the inventory holds with the feed in force. seq
-- orders them within a tenant; rows of findings hold between two of them.
CREATE TABLE vuln_judgings (
  tenant        TEXT NOT NULL,
  seq           BIGINT NOT NULL,
  at            BIGINT NOT NULL,
  feed          TEXT NOT NULL,  -- SHA-256 of the feed, empty where there is none
  feed_built_at BIGINT NOT NULL,
  holds         TEXT NOT NULL,  -- what the feed could speak of besides software: exploited, devices
  facts_seq     BIGINT NOT NULL, -- the newest batch it read
  assets        BIGINT NOT NULL, -- whose findings changed
  opened        BIGINT NOT NULL,
  closed        BIGINT NOT NULL,
  digest        BLOB NOT NULL,
  PRIMARY KEY (tenant, seq)
);
CREATE INDEX vuln_judgings_at ON vuln_judgings (tenant, at);

-- What the feed says of one asset, whole.
CREATE TABLE vuln_findings (
  tenant    TEXT NOT NULL,
  asset     TEXT NOT NULL,
  from_seq  BIGINT NOT NULL,
  until_seq BIGINT NOT NULL, -- 0: now
  sum       BLOB NOT NULL,   -- SHA-256 of the body before compression
  body      BLOB NOT NULL,   -- JSON, zstd
  PRIMARY KEY (tenant, asset, from_seq)
);
CREATE INDEX vuln_findings_current ON vuln_findings (tenant, asset) WHERE until_seq = 0;

-- Findings that went away, for how long it takes to mend.
CREATE TABLE vuln_closed (
  tenant    TEXT NOT NULL,
  seq       BIGINT NOT NULL,
  asset     TEXT NOT NULL,
  flaw      TEXT NOT NULL,
  severity  TEXT NOT NULL,
  opened_at BIGINT NOT NULL,
  closed_at BIGINT NOT NULL,
  PRIMARY KEY (tenant, seq, asset, flaw)
);

-- What the feeds say of a flaw that some asset has; the same for all tenants.
CREATE TABLE vuln_flaws (
  flaw     TEXT NOT NULL,
  from_at  BIGINT NOT NULL,
  until_at BIGINT NOT NULL, -- 0: now
  body     TEXT NOT NULL,   -- JSON
  PRIMARY KEY (flaw, from_at)
);

-- What people decided about findings: accepted, disputed, compensated.
CREATE TABLE vuln_decisions (
  tenant     TEXT NOT NULL,
  id         TEXT NOT NULL,
  at         BIGINT NOT NULL,
  until_at   BIGINT NOT NULL, -- when it ends by itself; never 0
  ended_at   BIGINT NOT NULL, -- when somebody ended it; 0: nobody did
  body       TEXT NOT NULL,   -- JSON
  PRIMARY KEY (tenant, id)
);

-- Networks that may be searched for devices, and how.
CREATE TABLE discovery_scopes (
  tenant TEXT NOT NULL,
  name   TEXT NOT NULL,
  body   TEXT NOT NULL, -- JSON
  PRIMARY KEY (tenant, name)
);
CREATE TABLE discovery_runs (
  tenant   TEXT NOT NULL,
  id       TEXT NOT NULL,
  scope    TEXT NOT NULL,
  begun_at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL, -- 0: it runs, or was cut off
  body     BLOB NOT NULL,   -- JSON, zstd: what was found, and how far it is
  PRIMARY KEY (tenant, id)
);
CREATE INDEX discovery_runs_scope ON discovery_runs (tenant, scope, begun_at);

-- How far a search came, so that it goes on after a stop.
CREATE TABLE discovery_progress (
  tenant TEXT NOT NULL,
  plan   TEXT NOT NULL,
  body   BLOB NOT NULL,
  PRIMARY KEY (tenant, plan)
);

-- Lists that people keep: the question they asked of the inventory.
CREATE TABLE asset_views (
  tenant TEXT NOT NULL,
  name   TEXT NOT NULL,
  body   TEXT NOT NULL, -- JSON
  PRIMARY KEY (tenant, name)
);
