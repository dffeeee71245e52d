-- What a check found in a zone, as one digest: which rows, what is wrong with each, and what is in them now. Two checks found the same when
-- it is the same. Null: an earlier check, or one that did not look at whole chains.
ALTER TABLE audit_check_zones ADD COLUMN found_sha256 text;
