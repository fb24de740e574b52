-- Version 3. No table holds plain text or an identifier: bodies are sealed, addresses and external ids are keyed hashes.

CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE conversation (
    id TEXT PRIMARY KEY,              -- keyed hash of the address it began at
    key TEXT NOT NULL,                -- id of its data key in the key store
    address BLOB NOT NULL,            -- sealed
    session BLOB,                     -- sealed JSON
    version INTEGER NOT NULL DEFAULT 0,
    consented INTEGER NOT NULL DEFAULT 0,
    fence INTEGER NOT NULL DEFAULT 0, -- grows with every claim
    lease_until REAL NOT NULL DEFAULT 0,
    last_at REAL NOT NULL DEFAULT 0   -- last contact, for retention
) WITHOUT ROWID;
CREATE INDEX conversation_last ON conversation (last_at);

CREATE TABLE alias (hash TEXT PRIMARY KEY, conversation TEXT NOT NULL) WITHOUT ROWID;  -- moved chats

CREATE TABLE inbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used again: the keys of messages derive from it
    conversation TEXT NOT NULL,
    key TEXT NOT NULL,                -- data key of the conversation; before consent and at the desk a one-turn key
    at REAL NOT NULL,
    body BLOB NOT NULL,               -- sealed
    about TEXT                        -- in the desk's lane: the family it tells of
);
CREATE INDEX inbox_lane ON inbox (conversation, number);
CREATE INDEX inbox_about ON inbox (about) WHERE about IS NOT NULL;

CREATE TABLE seen (hash TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;  -- external ids taken in, kept 72 hours
CREATE TABLE cursor (account TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

CREATE TABLE outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation TEXT NOT NULL,
    account TEXT NOT NULL,            -- keyed hash
    destination TEXT NOT NULL,        -- keyed hash; rows of one destination leave in order
    key TEXT NOT NULL,
    delivery TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    not_before REAL NOT NULL,
    hold_key TEXT NOT NULL DEFAULT '',
    body BLOB,                        -- sealed; removed when settled
    external BLOB,                    -- sealed ids that the platform gave
    at REAL NOT NULL,
    about TEXT                        -- of the desk's messages: the family it tells of
);
CREATE INDEX outbox_about ON outbox (about) WHERE about IS NOT NULL;
CREATE INDEX outbox_open ON outbox (account, destination, number) WHERE state IN ('waiting', 'retry', 'sending');
CREATE INDEX outbox_due ON outbox (not_before) WHERE state IN ('waiting', 'retry');
CREATE INDEX outbox_held ON outbox (conversation, hold_key) WHERE state = 'waiting' AND hold_key <> '';
CREATE INDEX outbox_conversation ON outbox (conversation, number);

CREATE TABLE timer (
    conversation TEXT NOT NULL,
    name TEXT NOT NULL,
    due REAL NOT NULL,
    fence INTEGER NOT NULL,
    PRIMARY KEY (conversation, name)
) WITHOUT ROWID;
CREATE INDEX timer_due ON timer (due);

CREATE TABLE fact (number INTEGER PRIMARY KEY, name TEXT NOT NULL, at REAL NOT NULL, "values" TEXT NOT NULL);
CREATE INDEX fact_at ON fact (at);

CREATE TABLE tally (               -- counts of a week: no row for each time, no order
    week TEXT NOT NULL,               -- ISO, 2026-W48
    name TEXT NOT NULL,
    "values" TEXT NOT NULL,           -- JSON with sorted keys
    number INTEGER NOT NULL,
    PRIMARY KEY (week, name, "values")
) WITHOUT ROWID;

CREATE TABLE alert (
    id TEXT PRIMARY KEY,
    conversation TEXT NOT NULL,
    at REAL NOT NULL,
    category TEXT NOT NULL,
    level TEXT NOT NULL,
    urgency TEXT NOT NULL,
    audience TEXT NOT NULL,
    rule TEXT NOT NULL,
    acknowledged_by TEXT NOT NULL DEFAULT '',
    acknowledged_at REAL
) WITHOUT ROWID;

CREATE TABLE document (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    conversation TEXT,                -- NULL: sealed with the installation's own key
    body BLOB NOT NULL,
    expires REAL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE INDEX document_conversation ON document (conversation);
CREATE INDEX document_expires ON document (expires) WHERE expires IS NOT NULL;

CREATE TABLE blob (id TEXT PRIMARY KEY, conversation TEXT NOT NULL, body BLOB NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX blob_conversation ON blob (conversation);

CREATE TABLE transcript (
    number INTEGER PRIMARY KEY,
    conversation TEXT NOT NULL,
    at REAL NOT NULL,
    body BLOB NOT NULL                -- sealed list of [who, text, at], one row a turn
);
CREATE INDEX transcript_conversation ON transcript (conversation, number);

CREATE TABLE lease (name TEXT PRIMARY KEY, holder TEXT NOT NULL, until REAL NOT NULL, fence INTEGER NOT NULL) WITHOUT ROWID;
