-- Version 1. A change is a new file of statements and a new entry in store.c, never an edit here.

CREATE TABLE runs (
    id           INTEGER PRIMARY KEY,     -- rises with acceptance: the order of lists, the cursor
    pub          TEXT    NOT NULL UNIQUE, -- the unguessable id of the API
    session      TEXT    NOT NULL,        -- whose run it is
    scenario     TEXT    NOT NULL,
    job          TEXT    NOT NULL,        -- what was asked, as the worker gets it (proto/job.h)
    params       TEXT    NOT NULL,        -- JSON object, all of them
    done         INTEGER NOT NULL DEFAULT 0,
    ended        TEXT,                    -- set with done
    created_ms   INTEGER NOT NULL,        -- since 1970, UTC
    started_ms   INTEGER,
    finished_ms  INTEGER,
    output_bytes INTEGER NOT NULL DEFAULT 0,
    result       TEXT                     -- JSON object: ended, exit, outcome, checks, …
) STRICT;

CREATE INDEX runs_by_scenario ON runs (scenario, id);
CREATE INDEX runs_by_ended ON runs (ended, id);
CREATE INDEX runs_by_scenario_ended ON runs (scenario, ended, id);
CREATE INDEX runs_by_session ON runs (session, id);

CREATE TABLE run_output (
    run_id   INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    text     BLOB NOT NULL, -- UTF-8
    segments BLOB NOT NULL  -- struct output_segment after struct output_segment
) STRICT;

CREATE TABLE run_trace (
    run_id    INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    raw_bytes INTEGER NOT NULL,
    zstd      BLOB NOT NULL -- one frame of the chunks, as the API serves it
) STRICT;

CREATE TABLE idempotency (
    session TEXT    NOT NULL,
    key     TEXT    NOT NULL,
    run_id  INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    PRIMARY KEY (session, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_by_run ON idempotency (run_id);
