-- Version 3: experiments, many runs of one setup.

CREATE TABLE experiments (
    id          INTEGER PRIMARY KEY,     -- rises with acceptance: the order of lists, the cursor
    pub         TEXT    NOT NULL UNIQUE, -- the unguessable id of the API
    session     TEXT    NOT NULL,        -- whose it is
    scenario    TEXT    NOT NULL,
    params      TEXT    NOT NULL,        -- JSON object, all of them
    asked       TEXT    NOT NULL,        -- JSON object: kind and its bounds
    found       TEXT    NOT NULL,        -- JSON object: progress, outcomes, …; saved now and then
    beside      INTEGER REFERENCES experiments (id) ON DELETE SET NULL, -- shown together with it
    done        INTEGER NOT NULL DEFAULT 0,
    ended       TEXT,                    -- set with done
    created_ms  INTEGER NOT NULL,        -- since 1970, UTC
    started_ms  INTEGER,
    finished_ms INTEGER
) STRICT;

CREATE INDEX experiments_by_scenario ON experiments (scenario, id);
CREATE INDEX experiments_by_session ON experiments (session, id);
CREATE INDEX experiments_by_beside ON experiments (beside);
CREATE INDEX experiments_open ON experiments (done) WHERE done = 0;
