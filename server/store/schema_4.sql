-- Version 4: workshops, and the runs that were made in one.

CREATE TABLE workshops (
    id         INTEGER PRIMARY KEY,
    pub        TEXT    NOT NULL UNIQUE, -- what its links hold, short enough to be typed
    session    TEXT    NOT NULL,        -- who made it
    key        TEXT    NOT NULL,        -- the instructor's
    title      TEXT    NOT NULL,
    steps      TEXT    NOT NULL,        -- JSON array: scenario, params, schedule and note of each
    closed     INTEGER NOT NULL DEFAULT 0,
    created_ms INTEGER NOT NULL         -- since 1970, UTC
) STRICT;

CREATE TABLE workshop_runs (
    run_id      INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    workshop_id INTEGER NOT NULL REFERENCES workshops (id) ON DELETE CASCADE,
    step        INTEGER NOT NULL, -- of steps, from 0
    name        TEXT    NOT NULL  -- as the participant typed it
) STRICT;

CREATE INDEX workshop_runs_by_workshop ON workshop_runs (workshop_id, run_id);
