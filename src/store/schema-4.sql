-- SPDX-FileCopyrightText: 2026 The lictor authors
-- SPDX-License-Identifier: Apache-2.0

-- Files to which a content points because it says no license precisely itself: lines of
-- `LINE PATH`; NULL if none. A file repeats that of its content, and has beside it what the
-- files say that were found there, and their paths with a zero byte between them.
ALTER TABLE content ADD COLUMN points INTEGER REFERENCES words;
ALTER TABLE file ADD COLUMN points INTEGER REFERENCES words;
ALTER TABLE file ADD COLUMN concluded INTEGER REFERENCES expression;
ALTER TABLE file ADD COLUMN because BLOB;
