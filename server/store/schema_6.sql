-- Version 6: keys of experiments and workshops, too; workshops that came with an import.

CREATE TABLE idempotency_keys (
    session       TEXT NOT NULL,
    kind          TEXT NOT NULL, -- of what was made: run, experiment or workshop
    key           TEXT NOT NULL,
    asked         TEXT NOT NULL, -- what came with it; with anything else it is refused
    run_id        INTEGER REFERENCES runs (id) ON DELETE CASCADE, -- one of the three
    experiment_id INTEGER REFERENCES experiments (id) ON DELETE CASCADE,
    workshop_id   INTEGER REFERENCES workshops (id) ON DELETE CASCADE,
    PRIMARY KEY (session, kind, key)
) STRICT, WITHOUT ROWID;

INSERT INTO idempotency_keys (session, kind, key, asked, run_id)
    SELECT i.session, 'run', i.key, r.job, r.id FROM idempotency i JOIN runs r ON r.id = i.run_id;
DROP TABLE idempotency;

CREATE INDEX idempotency_keys_by_run ON idempotency_keys (run_id);
CREATE INDEX idempotency_keys_by_experiment ON idempotency_keys (experiment_id);
CREATE INDEX idempotency_keys_by_workshop ON idempotency_keys (workshop_id);

ALTER TABLE workshops ADD COLUMN imported_ms INTEGER NOT NULL DEFAULT 0; -- since 1970; 0: made here
