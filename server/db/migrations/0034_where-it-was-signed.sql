-- The stream's entry that still had the signed copy of a row that is gone, so that what was in it can be read.
ALTER TABLE audit_findings ADD COLUMN stream_entry text;
