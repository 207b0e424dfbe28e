/**
 * What an image's chunks are hashed with. Before it was told, that was SHA-256; a program of then that has the catalog
 * open still imports so.
 */
export const sql = `
ALTER TABLE images ADD COLUMN hashing TEXT NOT NULL DEFAULT 'sha256' CHECK (hashing IN ('sha256', 'blake3'));
`
