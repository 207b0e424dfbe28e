/**
 * Images, the chunks they are made of, and the pack files that hold those.
 *
 * An image row with no id is an import under way: no query for images returns it. Its chunks are written as it goes,
 * so memory does not grow with the image; `writer_key` keeps its packs from being freed meanwhile.
 */
export const sql = `
CREATE TABLE images (
  key INTEGER PRIMARY KEY,
  id TEXT UNIQUE CHECK (length(id) = 64),
  name TEXT NOT NULL CHECK (name <> ''),
  notes TEXT NOT NULL DEFAULT '',
  source_name TEXT NOT NULL,
  format TEXT NOT NULL,
  image_bytes INTEGER NOT NULL DEFAULT 0,
  stored_bytes INTEGER NOT NULL DEFAULT 0,
  zero_bytes INTEGER NOT NULL DEFAULT 0,
  created_at_ms INTEGER NOT NULL,
  verified_at_ms INTEGER,
  is_intact INTEGER CHECK (is_intact IN (0, 1)),
  import_lock TEXT UNIQUE,
  CHECK ((id IS NULL) <> (import_lock IS NULL))
) STRICT;

CREATE TABLE packs (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  file TEXT NOT NULL UNIQUE,
  writer_key INTEGER REFERENCES images (key) ON DELETE SET NULL,
  is_durable INTEGER NOT NULL DEFAULT 0 CHECK (is_durable IN (0, 1))
) STRICT;
CREATE INDEX packs_by_writer ON packs (writer_key);

CREATE TABLE chunks (
  key INTEGER PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
  pack_key INTEGER NOT NULL REFERENCES packs (key),
  offset_bytes INTEGER NOT NULL,
  stored_bytes INTEGER NOT NULL,
  raw_bytes INTEGER NOT NULL,
  encoding INTEGER NOT NULL,
  is_damaged INTEGER NOT NULL DEFAULT 0 CHECK (is_damaged IN (0, 1))
) STRICT;
CREATE INDEX chunks_by_pack ON chunks (pack_key);

CREATE TABLE positions (
  image_key INTEGER NOT NULL REFERENCES images (key) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  chunk_key INTEGER NOT NULL REFERENCES chunks (key),
  PRIMARY KEY (image_key, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX positions_by_chunk ON positions (chunk_key);
`
