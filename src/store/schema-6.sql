-- SPDX-FileCopyrightText: 2026 The lictor authors
-- SPDX-License-Identifier: Apache-2.0

-- How the licenses of a content are known: `policy::profile`. A file repeats that of its
-- content. Both are NULL where an old engine looked.
ALTER TABLE detection ADD COLUMN profile INTEGER REFERENCES words;
ALTER TABLE file ADD COLUMN profile INTEGER REFERENCES words;
-- The hash of all words of a match: `model::Match::hash`.
ALTER TABLE evidence ADD COLUMN hash BLOB;
-- `scan::Scanned::judgement`; NULL if not all violations are those of one scan.
ALTER TABLE checkout ADD COLUMN judgement INTEGER;
-- The branch that was looked at.
ALTER TABLE checkout ADD COLUMN branch TEXT;

-- A license in a file that breaks a policy, with the rule that it breaks now. A violation is
-- one and the same wherever its file is moved and whichever rule it breaks; one that is
-- resolved is open again when it comes back. While it is open or waived, last_seen is NULL.
CREATE TABLE violation_6 (
    id         INTEGER NOT NULL,
    checkout   INTEGER NOT NULL REFERENCES checkout ON DELETE CASCADE,
    path       BLOB NOT NULL,
    license    TEXT NOT NULL,
    rule       TEXT NOT NULL,
    outcome    TEXT NOT NULL,
    severity   TEXT NOT NULL,
    context    TEXT NOT NULL,
    -- 'open', 'waived', 'resolved'
    state      TEXT NOT NULL,
    -- The name of the waiver.
    waiver     TEXT,
    -- Where the file was when the violation was opened, if elsewhere.
    born       BLOB,
    first_seen INTEGER NOT NULL,
    last_seen  INTEGER,
    -- The commit that brought it in, as far as that was looked up: '' if git does not say.
    commit_id  TEXT,
    author     TEXT,
    authored   INTEGER,
    -- Who owns the file by CODEOWNERS.
    owner      TEXT,
    PRIMARY KEY (checkout, path, license)
) STRICT, WITHOUT ROWID;

-- One a license: the open one before one that was resolved under another rule.
INSERT OR IGNORE INTO violation_6
    (id, checkout, path, license, rule, outcome, severity, context, state, first_seen, last_seen)
    SELECT row_number() OVER (ORDER BY first_seen, checkout, path, license, rule),
           checkout, path, license, rule, outcome,
           iif(outcome = 'deny', 'high', 'medium'), '',
           iif(last_seen IS NULL, 'open', 'resolved'), first_seen, last_seen
    FROM violation ORDER BY last_seen IS NOT NULL, last_seen DESC, rule;

DROP TABLE violation;

ALTER TABLE violation_6 RENAME TO violation;

-- What happened, in order, without gaps, never changed. Each event's hash is the SHA-256 of
-- the hash before it and of all that the event says (`store::events`), so that any edit shows.
-- An event of kind 'scan' stands before the events of violations in the same transaction, and
-- says by what they were judged.
CREATE TABLE event (
    seq       INTEGER PRIMARY KEY,
    time      INTEGER NOT NULL,
    kind      TEXT NOT NULL,
    violation INTEGER,
    path      BLOB,
    detail    INTEGER NOT NULL REFERENCES words,
    hash      BLOB NOT NULL
) STRICT;

-- The last number that was given to a violation, and the head of the chain of events: that
-- events are missing at its end shows by this.
CREATE TABLE ledger (
    one       INTEGER PRIMARY KEY CHECK (one = 1),
    violation INTEGER NOT NULL,
    event     INTEGER NOT NULL,
    hash      BLOB NOT NULL
) STRICT;

INSERT INTO ledger SELECT 1, coalesce(max(id), 0), 0, zeroblob(32) FROM violation;

-- The policies by which was judged, with all their files, by digest.
CREATE TABLE policy (
    digest TEXT PRIMARY KEY,
    name   TEXT NOT NULL,
    origin TEXT NOT NULL,
    -- JSON: a list of files with name and text.
    files  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
