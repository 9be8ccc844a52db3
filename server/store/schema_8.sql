-- Version 8: a workshop that is deleted goes in portions, and nothing of it is shown meanwhile.

ALTER TABLE workshops ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0; -- 1: pub is free for another

CREATE INDEX workshops_deleted ON workshops (deleted) WHERE deleted = 1;
