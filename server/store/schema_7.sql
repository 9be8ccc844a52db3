-- Version 7: a workshop counts its changes, so that nothing rests on one that is no more.

ALTER TABLE workshops ADD COLUMN changes INTEGER NOT NULL DEFAULT 0;
