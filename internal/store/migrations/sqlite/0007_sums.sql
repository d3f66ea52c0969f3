-- +goose Up
-- Records of sightings and what feeds say of flaws are rewritten in place, so
-- no batch could be derived anew from them. These are the hashes of what each
-- delivery wrote, 32 bytes a row: eight of the row's name, then 24 of the row.
-- The newest hash under a name is that of the row as it must be.
CREATE TABLE inventory_sums (
  tenant TEXT NOT NULL,
  seq    BIGINT NOT NULL, -- of the batch that wrote them
  body   BLOB NOT NULL,
  PRIMARY KEY (tenant, seq)
);
-- For all tenants, as the flaws are. A judging names the newest it rests on.
CREATE TABLE vuln_flaw_sums (
  seq   BIGINT PRIMARY KEY,
  chain BLOB NOT NULL, -- SHA-256 over that of the one before and of the body
  body  BLOB NOT NULL
);
ALTER TABLE vuln_judgings ADD COLUMN flaws_seq BIGINT NOT NULL DEFAULT 0; -- 0: of before they were hashed
