import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import Sqlite from 'better-sqlite3'
import { expect, test } from 'vitest'
import { identityBytes } from '../../../shared/protocol/manifest.ts'
import { MIB, useFolder } from './catalog.fixture.ts'
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

/** A catalog as it was before an image said what its chunks are hashed with; in it `content`, whole chunks, as they are. */
function catalogOfBefore(content: Buffer): string {
  const chunks = content.length / MIB
  const hashes = Array.from({ length: chunks }, (_, chunk) =>
    createHash('sha256')
      .update(content.subarray(chunk * MIB, (chunk + 1) * MIB))
      .digest(),
  )
  const manifest = {
    imageBytes: content.length,
    hashing: 'sha256',
    hashes: new Uint8Array(Buffer.concat(hashes)),
    storedBytes: new Uint32Array(chunks).fill(MIB),
    encodings: new Uint8Array(chunks),
    positions: Uint32Array.from(hashes.keys()),
  } as const
  const id = createHash('sha256').update(identityBytes(manifest)).digest('hex')
  const old = new Sqlite(path.join(folder.path(), 'catalog.db'))
  for (const sql of MIGRATIONS.slice(0, 5)) old.exec(sql)
  old.pragma('user_version = 5')
  old.exec(`
    INSERT INTO images (key, id, name, source_name, format, image_bytes, stored_bytes, created_at_ms)
    VALUES (1, '${id}', 'old', 'old.img', 'raw', ${content.length}, ${content.length}, 5);
    INSERT INTO packs (key, file, is_durable) VALUES (1, 'old-1.pack', 1)`)
  const add = old.prepare(
    'INSERT INTO chunks VALUES (@key, @hash, 1, @offset, @bytes, @bytes, 0, 0)',
  )
  hashes.forEach((hash, at) => {
    add.run({ key: at + 1, hash, offset: at * MIB, bytes: MIB })
    old.exec(`INSERT INTO positions VALUES (1, ${at}, ${at + 1})`)
  })
  old.close()
  mkdirSync(folder.path('packs'))
  folder.file('packs/old-1.pack', content)
  return id
}

test('a catalog of SHA-256 goes on with it: equal chunks are stored once, and damage is mended', async () => {
  const content = randomBytes(3 * MIB)
  const id = catalogOfBefore(content)
  const catalog = openCatalog(folder.path())
  const before = catalog.layout(id)
  expect(before.manifest.hashing).toBe('sha256')
  expect(await catalog.verify(id)).toEqual({
    isIntact: true,
    sha256Hex: createHash('sha256').update(content).digest('hex'),
    faults: [],
  })

  const longer = folder.file('longer.img', Buffer.concat([content, randomBytes(MIB)]))
  const added = await catalog.importFile(longer)
  expect(added).toMatchObject({ isDuplicate: false, newStoredBytes: MIB })
  expect(catalog.layout(added.image.id).manifest.hashing).toBe('sha256')
  expect((await catalog.verify(added.image.id)).isIntact).toBe(true)

  const [pack = ''] = before.packPaths
  const bytes = readFileSync(pack)
  bytes[MIB + 100] = (bytes[MIB + 100] ?? 0) ^ 1
  writeFileSync(pack, bytes)
  expect((await catalog.verify(id)).faults.map(fault => fault.offsetBytes)).toEqual([MIB])
  const again = await catalog.importFile(folder.file('again.img', content))
  expect(again).toMatchObject({ isDuplicate: true, newStoredBytes: MIB, image: { id } })
  expect((await catalog.verify(id)).isIntact).toBe(true)

  for (const image of catalog.list()) catalog.remove(image.id)
  const anew = await catalog.importFile(longer)
  expect(catalog.layout(anew.image.id).manifest.hashing).toBe('blake3')
  expect(anew.image.id).not.toBe(added.image.id)
  catalog.close()
})
