-- Version 10: lists of one session's runs by how they ended.

CREATE INDEX runs_by_session_ended ON runs (session, ended, id);
