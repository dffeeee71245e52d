-- The stream's entry that still had the signed copy of a row that is gone, so that what was in it can be read; and what signed copies hash
-- to, so that a later check without them can tell whether the row is again what was signed.
ALTER TABLE audit_findings
  ADD COLUMN stream_entry text,
  ADD COLUMN signed_sha256 text[] NOT NULL DEFAULT '{}';
