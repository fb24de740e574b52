-- The key store: a schema of its own, in a database of its own where the write-ahead log is archived.

CREATE TABLE kavi_keys.root (id integer PRIMARY KEY CHECK (id = 1), wrapped bytea NOT NULL);
CREATE TABLE kavi_keys.key (id text COLLATE "C" PRIMARY KEY, wrapped bytea NOT NULL);
CREATE TABLE kavi_keys.erased (id text COLLATE "C" PRIMARY KEY, at double precision NOT NULL);
