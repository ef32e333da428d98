-- SPDX-FileCopyrightText: 2026 The lictor authors
-- SPDX-License-Identifier: Apache-2.0

-- What a match rests on: a word of `Basis`, and what of the license database matched. Both are
-- NULL in evidence of old engines, which no scan asks for any more.
ALTER TABLE evidence ADD COLUMN basis TEXT;
ALTER TABLE evidence ADD COLUMN matched INTEGER REFERENCES words;
