/** Sessions outlive the engine: an open one is offered again after a crash, and keeps its image from being deleted. */
export const sql = `
CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  image_id TEXT NOT NULL,
  name TEXT NOT NULL,
  nic TEXT NOT NULL,
  plan_json TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'ended')),
  group_address TEXT NOT NULL,
  port INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL,
  ended_at_ms INTEGER,
  result_json TEXT
) STRICT;
CREATE INDEX sessions_by_image ON sessions (image_id) WHERE state = 'open';
`
