-- +goose Up
-- The log of a tenant: the first entry has idx 0 and there is no gap.
CREATE TABLE evidence_entries (
  tenant    TEXT NOT NULL,
  idx       BIGINT NOT NULL,
  at        BIGINT NOT NULL,
  kind      TEXT NOT NULL,
  leaf      BLOB NOT NULL,
  statement BLOB NOT NULL, -- canonical JSON; these bytes are the entry
  PRIMARY KEY (tenant, idx)
);
CREATE TABLE evidence_heads (
  tenant     TEXT PRIMARY KEY,
  size       BIGINT NOT NULL,
  root       BLOB NOT NULL,
  checkpoint TEXT NOT NULL
);
