-- +goose Up
-- Times are microseconds since 1970 in UTC. A row belongs to one tenant, which
-- comes first in every key.
CREATE TABLE tenants (
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL,
  kind       TEXT NOT NULL,
  ccn        TEXT NOT NULL,
  state      TEXT NOT NULL,
  beds       BIGINT NOT NULL,
  demo       BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);

-- A batch is one delivery of facts. seq orders what the tenant learnt.
CREATE TABLE fact_batches (
  tenant      TEXT NOT NULL,
  seq         BIGINT NOT NULL,
  id          TEXT NOT NULL,
  stream      TEXT NOT NULL,
  title       TEXT NOT NULL,
  snapshot    BIGINT NOT NULL,
  assurance   BIGINT NOT NULL,
  observed_at BIGINT NOT NULL,
  recorded_at BIGINT NOT NULL,
  actor       TEXT NOT NULL,
  file        TEXT NOT NULL,  -- JSON, empty for collectors
  file_sha256 TEXT NOT NULL,
  notes       TEXT NOT NULL,  -- JSON
  counts      TEXT NOT NULL,  -- JSON
  digest      BLOB NOT NULL,
  PRIMARY KEY (tenant, seq)
);
CREATE UNIQUE INDEX fact_batches_id ON fact_batches (tenant, id);
CREATE INDEX fact_batches_stream ON fact_batches (tenant, stream, seq);
CREATE INDEX fact_batches_file ON fact_batches (tenant, file_sha256);

-- A fact holds from the batch from_seq until the batch until_seq; 0 means now.
CREATE TABLE facts (
  tenant            TEXT NOT NULL,
  stream            TEXT NOT NULL,
  kind              TEXT NOT NULL,
  resource          TEXT NOT NULL,
  from_seq          BIGINT NOT NULL,
  until_seq         BIGINT NOT NULL,
  asset             TEXT NOT NULL,
  observed_at       BIGINT NOT NULL, -- 0: the newest batch of its stream says
  first_observed_at BIGINT NOT NULL,
  attributes        TEXT NOT NULL,   -- JSON
  missing           TEXT NOT NULL,   -- JSON, empty if nothing is
  PRIMARY KEY (tenant, kind, resource, stream, from_seq)
);
CREATE INDEX facts_current ON facts (tenant, stream, kind, resource) WHERE until_seq = 0;
CREATE INDEX facts_from ON facts (tenant, from_seq);
CREATE INDEX facts_until ON facts (tenant, until_seq);

CREATE TABLE inventory_assets (
  tenant    TEXT NOT NULL,
  id        TEXT NOT NULL,
  first_seq BIGINT NOT NULL,
  PRIMARY KEY (tenant, id)
);
-- A weak key moves to the asset that was last seen with it.
CREATE TABLE inventory_keys (
  tenant   TEXT NOT NULL,
  type     TEXT NOT NULL,
  value    TEXT NOT NULL,
  asset    TEXT NOT NULL,
  last_seq BIGINT NOT NULL,
  PRIMARY KEY (tenant, type, value)
);
CREATE INDEX inventory_keys_asset ON inventory_keys (tenant, asset);

-- A component is stored once for all tenants; an asset holds a list of them.
CREATE TABLE inventory_components (
  id             BIGINT PRIMARY KEY,
  identity       TEXT NOT NULL UNIQUE,
  ecosystem      TEXT NOT NULL,
  name           TEXT NOT NULL,
  version        TEXT NOT NULL,
  source         TEXT NOT NULL,
  source_version TEXT NOT NULL,
  arch           TEXT NOT NULL,
  purl           TEXT NOT NULL,
  distro         TEXT NOT NULL
);
CREATE TABLE inventory_software (
  tenant     TEXT NOT NULL,
  stream     TEXT NOT NULL,
  asset      TEXT NOT NULL,
  from_seq   BIGINT NOT NULL,
  until_seq  BIGINT NOT NULL,
  components BLOB NOT NULL, -- ids, ascending, as varint differences
  PRIMARY KEY (tenant, asset, stream, from_seq)
);
CREATE INDEX inventory_software_current ON inventory_software (tenant, stream, asset) WHERE until_seq = 0;

CREATE TABLE assess_assessments (
  tenant         TEXT NOT NULL,
  seq            BIGINT NOT NULL,
  id             TEXT NOT NULL,
  as_of          BIGINT NOT NULL,
  recorded_at    BIGINT NOT NULL,
  facts_seq      BIGINT NOT NULL,
  digest         TEXT NOT NULL,
  level          TEXT NOT NULL,
  score          DOUBLE PRECISION, -- null where nothing was measured
  goals_met      BIGINT NOT NULL,
  goals_measured BIGINT NOT NULL,
  actor          TEXT NOT NULL,
  trigger_text   TEXT NOT NULL,    -- what asked for it
  streams        TEXT NOT NULL,    -- JSON: stream to its newest observation
  body           BLOB NOT NULL,    -- the assessment, JSON, zstd
  PRIMARY KEY (tenant, seq)
);
CREATE UNIQUE INDEX assess_assessments_id ON assess_assessments (tenant, id);
CREATE INDEX assess_assessments_as_of ON assess_assessments (tenant, as_of);

-- Results of a check that did not change between assessments are stored once.
CREATE TABLE assess_results (
  tenant     TEXT NOT NULL,
  assessment TEXT NOT NULL,
  check_id   TEXT NOT NULL,
  blob       TEXT NOT NULL,
  PRIMARY KEY (tenant, assessment, check_id)
);
CREATE TABLE assess_blobs (
  tenant TEXT NOT NULL,
  digest TEXT NOT NULL, -- SHA-256 of the uncompressed bytes
  data   BLOB NOT NULL, -- JSON, zstd
  PRIMARY KEY (tenant, digest)
);

-- The parameters in force, as the text of the one file they are kept in.
CREATE TABLE policy_parameters (
  tenant      TEXT NOT NULL,
  seq         BIGINT NOT NULL,
  recorded_at BIGINT NOT NULL,
  actor       TEXT NOT NULL,
  reason      TEXT NOT NULL,
  body        TEXT NOT NULL,
  PRIMARY KEY (tenant, seq)
);
