-- SPDX-FileCopyrightText: 2026 The lictor authors
-- SPDX-License-Identifier: Apache-2.0

-- What is found in a content depends on the kind of the file as well: `kind` is a word of
-- `FileKind`, '' for a file whose name says nothing. The UNIQUE of a table cannot be
-- changed, so it is made anew; foreign keys are off while it is gone. The first line fails
-- where another process was faster, and nothing is done twice.
ALTER TABLE content ADD COLUMN kind TEXT NOT NULL DEFAULT '';

CREATE TABLE content_2 (
    id         INTEGER PRIMARY KEY,
    blob       BLOB NOT NULL CHECK (length(blob) = 20),
    engine     INTEGER NOT NULL REFERENCES engine,
    kind       TEXT NOT NULL DEFAULT '',
    size       INTEGER NOT NULL,
    expression INTEGER REFERENCES expression,
    -- Why it was not searched: binary.
    skipped    TEXT,
    UNIQUE (blob, engine, kind)
) STRICT;

INSERT INTO content_2 (id, blob, engine, kind, size, expression, skipped)
    SELECT id, blob, engine, kind, size, expression, skipped FROM content;

DROP TABLE content;

ALTER TABLE content_2 RENAME TO content;
