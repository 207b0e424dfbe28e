/** What outlives a session: settings, the history, templates; how an image may be delivered; who was done when an engine died. */
export const sql = `
ALTER TABLE images ADD COLUMN allows_multicast INTEGER NOT NULL DEFAULT 1 CHECK (allows_multicast IN (0, 1));
ALTER TABLE images ADD COLUMN only_multicast INTEGER NOT NULL DEFAULT 0 CHECK (only_multicast IN (0, 1));

ALTER TABLE sessions ADD COLUMN progress_json TEXT;

CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  value_json TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE history (
  session_id TEXT PRIMARY KEY,
  ended_at_ms INTEGER NOT NULL UNIQUE,
  search TEXT NOT NULL,
  entry_json TEXT NOT NULL,
  plan_json TEXT NOT NULL,
  receivers_json TEXT NOT NULL
) STRICT;

CREATE TABLE templates (
  id TEXT PRIMARY KEY CHECK (length(id) = 16),
  name TEXT NOT NULL UNIQUE,
  plan_json TEXT NOT NULL,
  image_name TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  used_at_ms INTEGER
) STRICT;
`
