-- SPDX-FileCopyrightText: 2026 The lictor authors
-- SPDX-License-Identifier: Apache-2.0

-- Counts what was concluded of a checkout, so that whoever works by what it was finds out that
-- somebody else was faster.
ALTER TABLE checkout ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
