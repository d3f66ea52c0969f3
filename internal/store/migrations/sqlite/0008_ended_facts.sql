-- +goose Up
-- Only facts that ended are looked for by when they did: those that hold, most
-- of what is written, need no place in that index.
DROP INDEX facts_until;
CREATE INDEX facts_until ON facts (tenant, until_seq) WHERE until_seq <> 0;
