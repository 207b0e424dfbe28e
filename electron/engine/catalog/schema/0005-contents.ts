/** What an image holds, as `detector` found it; an image without a row was imported before anyone looked, or is damaged. */
export const sql = `
CREATE TABLE contents (
  image_key INTEGER PRIMARY KEY REFERENCES images (key) ON DELETE CASCADE,
  detector INTEGER NOT NULL,
  system TEXT NOT NULL,
  words TEXT NOT NULL
) STRICT;
`
