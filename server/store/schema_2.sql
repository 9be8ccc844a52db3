-- Version 2: a run keeps its schedule. Before it there was only one, the kernel's.

ALTER TABLE runs ADD COLUMN schedule TEXT NOT NULL -- JSON object: as asked, then as the run said
    DEFAULT '{"mode":"free","seed":null,"depth":null,"timing":null,"token":null,"steps":null,"preemptions":null,"problem":null}';
