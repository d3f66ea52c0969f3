-- +goose Up
ALTER TABLE inventory_components ADD COLUMN cpe TEXT NOT NULL DEFAULT '';

-- An asset of inventory_assets is a home: the records that certain keys hold
-- together, one record for each stream that speaks of the device. Facts and
-- software name their home and are never rewritten. Which homes are one asset
-- is said by links alone.
CREATE TABLE inventory_records (
  tenant   TEXT NOT NULL,
  asset    TEXT NOT NULL,   -- home
  stream   TEXT NOT NULL,
  keys     TEXT NOT NULL,   -- JSON: [type, value, first seen, last seen]
  maker    TEXT NOT NULL,   -- as stated; empty where not
  why      TEXT NOT NULL,   -- JSON: why the first sighting came here
  first_at BIGINT NOT NULL, -- when the stream first and last saw it
  last_at  BIGINT NOT NULL,
  PRIMARY KEY (tenant, asset, stream)
) WITHOUT ROWID;
INSERT INTO inventory_records (tenant, asset, stream, keys, maker, why, first_at, last_at)
  SELECT k.tenant, k.asset, '', json_group_array(json_array(k.type, k.value, b.observed_at, b.observed_at)), '', '', min(b.observed_at), max(b.observed_at)
  FROM inventory_keys k JOIN fact_batches b ON b.tenant = k.tenant AND b.seq = k.last_seq GROUP BY k.tenant, k.asset;

-- A key may be held by several homes: clones and docks share theirs.
CREATE TABLE inventory_holders (
  tenant TEXT NOT NULL,
  type   TEXT NOT NULL,
  value  TEXT NOT NULL,
  asset  TEXT NOT NULL,
  PRIMARY KEY (tenant, type, value, asset)
) WITHOUT ROWID;
INSERT INTO inventory_holders SELECT tenant, type, value, asset FROM inventory_keys;
DROP TABLE inventory_keys;
ALTER TABLE inventory_holders RENAME TO inventory_keys;
CREATE INDEX inventory_keys_asset ON inventory_keys (tenant, asset);

-- A home, or the record of one stream in it, is part of another asset from one
-- batch until another; 0 means now.
CREATE TABLE inventory_links (
  tenant    TEXT NOT NULL,
  asset     TEXT NOT NULL,
  stream    TEXT NOT NULL, -- empty: all of them
  target    TEXT NOT NULL,
  merge     TEXT NOT NULL,
  from_seq  BIGINT NOT NULL,
  until_seq BIGINT NOT NULL,
  PRIMARY KEY (tenant, asset, stream, from_seq)
);
CREATE INDEX inventory_links_target ON inventory_links (tenant, target);
CREATE INDEX inventory_links_merge ON inventory_links (tenant, merge);

-- Why: what was merged or split off, by whom, and what became of it.
CREATE TABLE inventory_merges (
  tenant     TEXT NOT NULL,
  id         TEXT NOT NULL,
  at         BIGINT NOT NULL,
  kept       TEXT NOT NULL,
  other      TEXT NOT NULL,
  undone_at  BIGINT NOT NULL, -- 0: it stands
  body       TEXT NOT NULL,   -- JSON
  PRIMARY KEY (tenant, id)
);
CREATE INDEX inventory_merges_kept ON inventory_merges (tenant, kept);
CREATE INDEX inventory_merges_other ON inventory_merges (tenant, other);

-- What only a person can decide. An answer is a rule that holds ever after.
CREATE TABLE inventory_questions (
  tenant TEXT NOT NULL,
  id     TEXT NOT NULL,
  at     BIGINT NOT NULL,
  kind   TEXT NOT NULL,
  a      TEXT NOT NULL,
  b      TEXT NOT NULL,
  state  TEXT NOT NULL, -- open, same, different, settled
  body   TEXT NOT NULL, -- JSON
  PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX inventory_questions_pair ON inventory_questions (tenant, kind, a, b);

-- Homes that are never one asset, by a person's word. a sorts before b.
CREATE TABLE inventory_apart (
  tenant   TEXT NOT NULL,
  a        TEXT NOT NULL,
  b        TEXT NOT NULL,
  at       BIGINT NOT NULL,
  actor    TEXT NOT NULL,
  reason   TEXT NOT NULL,
  ended_at BIGINT NOT NULL, -- when somebody said that they are one after all; 0: nobody did
  PRIMARY KEY (tenant, a, b)
);
CREATE INDEX inventory_apart_b ON inventory_apart (tenant, b);
