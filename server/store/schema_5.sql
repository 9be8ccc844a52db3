-- Version 5: runs and experiments go after a time, but for those that somebody keeps.

ALTER TABLE runs ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;
ALTER TABLE experiments ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;
UPDATE runs SET kept = 1 WHERE id IN (SELECT run_id FROM workshop_runs);

CREATE INDEX runs_by_age ON runs (kept, created_ms);
CREATE INDEX experiments_by_age ON experiments (kept, created_ms);
