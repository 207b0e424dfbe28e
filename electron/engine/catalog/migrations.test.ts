import path from 'node:path'
import Sqlite from 'better-sqlite3'
import { expect, test } from 'vitest'
import { useFolder } from './catalog.fixture.ts'
import { openCatalog } from './catalog.ts'
import { MIGRATIONS } from './database.ts'

const folder = useFolder()

test('a catalog from before there was a history keeps its images and open sessions, and may be sent as before', () => {
  const id = 'ab'.repeat(32)
  const old = new Sqlite(path.join(folder.path(), 'catalog.db'))
  for (const sql of MIGRATIONS.slice(0, 2)) old.exec(sql)
  old.pragma('user_version = 2')
  old
    .prepare(
      `INSERT INTO images (id, name, source_name, format, created_at_ms) VALUES (?, 'Old', 'a.img', 'raw', 5)`,
    )
    .run(id)
  old
    .prepare(
      `INSERT INTO sessions (id, image_id, name, nic, plan_json, state, group_address, port, created_at_ms)
       VALUES ('0000beef', ?, 'Room 4', 'eth0', '{}', 'open', '239.255.64.1', 63000, 0)`,
    )
    .run(id)
  old.close()
  const catalog = openCatalog(folder.path())
  expect(catalog.list()).toMatchObject([
    { id, name: 'Old', allowsMulticast: true, onlyMulticast: false, content: null },
  ])
  const count = (sql: string): unknown => catalog.database.prepare(sql).pluck().get()
  expect(
    count(`SELECT count(*) FROM sessions WHERE state = 'open' AND progress_json IS NULL`),
  ).toBe(1)
  expect(count('SELECT count(*) FROM history')).toBe(0)
  expect(count('SELECT count(*) FROM contents')).toBe(0)
  expect(catalog.database.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length)
  catalog.close()
})
