-- SPDX-FileCopyrightText: 2026 The lictor authors
-- SPDX-License-Identifier: Apache-2.0

-- The same is found at the same lines of most files that have but a tag: what is found is kept
-- once for all contents, known by a digest of its evidence. Old evidence has none, and is its
-- content's alone. The first line fails where another process was faster.
ALTER TABLE content ADD COLUMN detection INTEGER REFERENCES detection;

CREATE TABLE detection (
    id     INTEGER PRIMARY KEY,
    digest BLOB UNIQUE
) STRICT;

INSERT INTO detection (id) SELECT DISTINCT content FROM evidence;

UPDATE content SET detection = id WHERE id IN (SELECT id FROM detection);

CREATE TABLE evidence_5 (
    detection  INTEGER NOT NULL REFERENCES detection ON DELETE CASCADE,
    seq        INTEGER NOT NULL,
    expression INTEGER NOT NULL REFERENCES expression,
    kind       TEXT NOT NULL,
    score      REAL NOT NULL,
    start_line INTEGER NOT NULL,
    end_line   INTEGER NOT NULL,
    words      INTEGER NOT NULL REFERENCES words,
    basis      TEXT,
    matched    INTEGER REFERENCES words,
    PRIMARY KEY (detection, seq)
) STRICT, WITHOUT ROWID;

INSERT INTO evidence_5 SELECT content, seq, expression, kind, score, start_line, end_line, words,
        basis, matched
    FROM evidence;

DROP TABLE evidence;

ALTER TABLE evidence_5 RENAME TO evidence;
