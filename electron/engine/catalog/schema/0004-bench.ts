/** What a bench remembers of its machines and its technician over a restart. */
export const sql = `
CREATE TABLE bench_machines (
  id TEXT PRIMARY KEY,
  number INTEGER NOT NULL CHECK (number >= 1),
  seen_at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE bench_confirmations (
  nic TEXT NOT NULL,
  day TEXT NOT NULL,
  confirmed_at_ms INTEGER NOT NULL,
  PRIMARY KEY (nic, day)
) STRICT;
`
