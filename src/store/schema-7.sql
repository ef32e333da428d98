-- SPDX-FileCopyrightText: 2026 The lictor authors
-- SPDX-License-Identifier: Apache-2.0

-- Counts what was concluded of a checkout, so that whoever works by what it was finds out that
-- somebody else was faster.
ALTER TABLE checkout ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;

-- Contents that no file had when that was last looked for, and since when.
CREATE TABLE unused (
    content INTEGER PRIMARY KEY REFERENCES content,
    since   INTEGER NOT NULL
) STRICT;

-- How often rows were taken out: what another process knows of their numbers is void then.
ALTER TABLE ledger ADD COLUMN swept INTEGER NOT NULL DEFAULT 0;

-- Files that were moved with their violations are few, and asked for after every look.
CREATE INDEX violation_born ON violation (checkout) WHERE born IS NOT NULL;
