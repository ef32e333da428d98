-- SPDX-FileCopyrightText: 2026 The lictor authors
-- SPDX-License-Identifier: Apache-2.0

-- Detectors: their version and the digest of their license-db.
CREATE TABLE engine (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- SPDX expressions and matched words, each kept once.
CREATE TABLE expression (
    id   INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE words (
    id   INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
) STRICT;

-- What an engine found in a content, wherever the content was met.
CREATE TABLE content (
    id         INTEGER PRIMARY KEY,
    blob       BLOB NOT NULL CHECK (length(blob) = 20),
    engine     INTEGER NOT NULL REFERENCES engine,
    size       INTEGER NOT NULL,
    expression INTEGER REFERENCES expression,
    -- Why it was not searched: binary.
    skipped    TEXT,
    UNIQUE (blob, engine)
) STRICT;

-- The matches behind a content's expression.
CREATE TABLE evidence (
    content    INTEGER NOT NULL REFERENCES content ON DELETE CASCADE,
    seq        INTEGER NOT NULL,
    expression INTEGER NOT NULL REFERENCES expression,
    kind       TEXT NOT NULL,
    score      REAL NOT NULL,
    start_line INTEGER NOT NULL,
    end_line   INTEGER NOT NULL,
    words      INTEGER NOT NULL REFERENCES words,
    PRIMARY KEY (content, seq)
) STRICT, WITHOUT ROWID;

-- A directory or repository in one view: '' the work tree, 'staged', 'rev:NAME'.
-- Times are nanoseconds since the Unix epoch, UTC.
CREATE TABLE checkout (
    id          INTEGER PRIMARY KEY,
    root        BLOB NOT NULL,
    view        TEXT NOT NULL,
    commit_id   TEXT,
    -- Engine by which all files were detected, and digest of the policy by which all
    -- violations were judged; NULL if not all were.
    engine      INTEGER REFERENCES engine,
    policy      TEXT,
    -- git's index as it was; NULL if what it tracks must be found out anew.
    index_size  INTEGER,
    index_mtime INTEGER,
    index_ino   INTEGER,
    first_scan  INTEGER,
    last_scan   INTEGER,
    UNIQUE (root, view)
) STRICT;

-- The files of a checkout. mtime and inode are NULL where they cannot be relied on. Blob,
-- expression and size are those of the content: with them here, what is known of a checkout
-- is read in one sweep.
CREATE TABLE file (
    checkout   INTEGER NOT NULL REFERENCES checkout ON DELETE CASCADE,
    path       BLOB NOT NULL,
    content    INTEGER REFERENCES content,
    blob       BLOB,
    expression INTEGER REFERENCES expression,
    skipped    TEXT,
    tracked    INTEGER NOT NULL,
    size       INTEGER,
    mtime      INTEGER,
    ino        INTEGER,
    PRIMARY KEY (checkout, path)
) STRICT, WITHOUT ROWID;

-- A policy rule broken by a license in a file. While it is open, last_seen is NULL and it
-- was last seen when its checkout was last scanned.
CREATE TABLE violation (
    checkout   INTEGER NOT NULL REFERENCES checkout ON DELETE CASCADE,
    path       BLOB NOT NULL,
    rule       TEXT NOT NULL,
    license    TEXT NOT NULL,
    outcome    TEXT NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen  INTEGER,
    PRIMARY KEY (checkout, path, rule, license)
) STRICT, WITHOUT ROWID;
