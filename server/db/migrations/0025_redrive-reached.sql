-- After an interruption a redrive goes back to the first entry that was not added: others beyond it are on their way all the same.

ALTER TABLE redrive_runs ADD COLUMN reached integer NOT NULL DEFAULT 1; -- no entry from here on was ever dealt with
UPDATE redrive_runs SET reached = next_n;
ALTER TABLE redrive_runs ADD CHECK (reached >= next_n);
