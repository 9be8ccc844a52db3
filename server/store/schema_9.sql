-- Version 9: how much room is taken by what is kept, so that it leaves some for the rest.

ALTER TABLE runs ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0; -- about what it takes, with all of it
ALTER TABLE experiments ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workshops ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;

-- As store_room() has it, a bit more where keys are not looked up.
UPDATE runs SET bytes = 4096
    + 2 * (length(params) + length(job) + length(schedule) + coalesce(length(result), 0))
    + coalesce((SELECT length(text) + length(segments) + min(length(text) + length(segments), 8192)
                FROM run_output WHERE run_id = runs.id), 0)
    + coalesce((SELECT length(zstd) + min(length(zstd), 8192)
                FROM run_trace WHERE run_id = runs.id), 0);
UPDATE experiments SET bytes = 4096 + 2 * (length(params) + length(asked))
    + length(CAST(found AS BLOB)) + min(length(CAST(found AS BLOB)), 8192);
UPDATE workshops SET bytes = 4096
    + length(CAST(steps AS BLOB)) + min(length(CAST(steps AS BLOB)), 8192)
    + coalesce((SELECT length(CAST(asked AS BLOB)) + 8192 FROM idempotency_keys
                WHERE workshop_id = workshops.id), 0);

CREATE TABLE kept (
    bytes INTEGER NOT NULL -- of the runs and experiments that are kept, and of workshops; one row
) STRICT;
INSERT INTO kept SELECT
    coalesce((SELECT sum(bytes) FROM runs WHERE kept = 1), 0)
    + coalesce((SELECT sum(bytes) FROM experiments WHERE kept = 1), 0)
    + coalesce((SELECT sum(bytes) FROM workshops), 0);

CREATE TRIGGER runs_new AFTER INSERT ON runs WHEN new.kept BEGIN
    UPDATE kept SET bytes = bytes + new.bytes;
END;
CREATE TRIGGER runs_changed AFTER UPDATE OF kept, bytes ON runs WHEN old.kept OR new.kept BEGIN
    UPDATE kept SET bytes = bytes + iif(new.kept, new.bytes, 0) - iif(old.kept, old.bytes, 0);
END;
CREATE TRIGGER runs_gone AFTER DELETE ON runs WHEN old.kept BEGIN
    UPDATE kept SET bytes = bytes - old.bytes;
END;

CREATE TRIGGER experiments_changed AFTER UPDATE OF kept, bytes ON experiments
WHEN old.kept OR new.kept BEGIN
    UPDATE kept SET bytes = bytes + iif(new.kept, new.bytes, 0) - iif(old.kept, old.bytes, 0);
END;
CREATE TRIGGER experiments_gone AFTER DELETE ON experiments WHEN old.kept BEGIN
    UPDATE kept SET bytes = bytes - old.bytes;
END;

CREATE TRIGGER workshops_new AFTER INSERT ON workshops BEGIN
    UPDATE kept SET bytes = bytes + new.bytes;
END;
CREATE TRIGGER workshops_changed AFTER UPDATE OF bytes ON workshops BEGIN
    UPDATE kept SET bytes = bytes + new.bytes - old.bytes;
END;
CREATE TRIGGER workshops_gone AFTER DELETE ON workshops BEGIN
    UPDATE kept SET bytes = bytes - old.bytes;
END;
