-- +goose Up
-- How people had tables read whose headers do not say it: the same export next
-- month is read the same way.
CREATE TABLE table_columns (
  tenant TEXT NOT NULL,
  name   TEXT NOT NULL, -- SHA-256 of the headers
  body   TEXT NOT NULL, -- JSON
  PRIMARY KEY (tenant, name)
);
