-- SPDX-FileCopyrightText: 2026 The lictor authors
-- SPDX-License-Identifier: Apache-2.0

-- When the last scan began of which it was asked who brought its new violations in.
ALTER TABLE checkout ADD COLUMN attributed INTEGER;

-- What happened to the service itself is asked for by what it is.
CREATE INDEX event_kind ON event (kind, seq) WHERE violation IS NULL AND kind <> 'scan';

-- To whom events are told. The ledger is the outbox: an event is in it by the transaction that
-- made it happen, and is told until the cursor has passed it.
CREATE TABLE endpoint (
    id        INTEGER PRIMARY KEY,
    name      TEXT NOT NULL UNIQUE,
    -- The last event that is in a message for it, or that it does not want.
    cursor    INTEGER NOT NULL,
    -- When that was.
    routed    INTEGER NOT NULL,
    -- How many messages it may be sent now, where they are limited.
    tokens    REAL,
    -- 'active', 'suspended', 'disabled', 'gone'
    state     TEXT NOT NULL DEFAULT 'active',
    -- Since when nothing was taken by it, and how often that was tried.
    failing   INTEGER,
    failures  INTEGER NOT NULL DEFAULT 0,
    -- Nothing is sent before.
    hold      INTEGER NOT NULL DEFAULT 0,
    -- What was wrong at last.
    trouble   TEXT,
    -- What became of deliveries, ever.
    delivered INTEGER NOT NULL DEFAULT 0,
    failed    INTEGER NOT NULL DEFAULT 0,
    dead      INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Messages to endpoints, in the order in which they were made.
CREATE TABLE delivery (
    id       INTEGER PRIMARY KEY,
    endpoint INTEGER NOT NULL REFERENCES endpoint,
    -- The webhook-id.
    uuid     BLOB NOT NULL,
    kind     TEXT NOT NULL,
    -- `deliver::message::Message` in JSON.
    body     TEXT NOT NULL,
    made     INTEGER NOT NULL,
    -- 'pending', 'delivered', 'dead'
    state    TEXT NOT NULL DEFAULT 'pending',
    -- Not before.
    due      INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    -- The last attempt: when, the HTTP status, what was said.
    tried    INTEGER,
    status   INTEGER,
    said     TEXT
) STRICT;

CREATE INDEX delivery_pending ON delivery (endpoint, due) WHERE state = 'pending';
CREATE INDEX delivery_uuid ON delivery (uuid);
CREATE INDEX delivery_made ON delivery (made) WHERE state <> 'pending';

-- The violations that a pending delivery is about: what is later about one waits for it.
CREATE TABLE about (
    endpoint  INTEGER NOT NULL REFERENCES endpoint,
    violation INTEGER NOT NULL,
    delivery  INTEGER NOT NULL REFERENCES delivery,
    PRIMARY KEY (endpoint, violation, delivery)
) STRICT, WITHOUT ROWID;

CREATE INDEX about_delivery ON about (delivery);
