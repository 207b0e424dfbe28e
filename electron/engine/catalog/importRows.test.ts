import { expect, test } from 'vitest'
import { useFolder } from './catalog.fixture.ts'
import { openDatabase } from './database.ts'
import { createImportRows } from './importRows.ts'

const folder = useFolder()

test('an import hashes as those before it do, also while none of them has finished', () => {
  const database = openDatabase(folder.path(), true)
  const start = (lock: string) => createImportRows(database, lock, 'name', 'name.img').hashing
  expect([start('a'), start('b')]).toEqual(['blake3', 'blake3'])
  database.exec(`UPDATE images SET hashing = 'sha256'`)
  expect(start('c')).toBe('sha256')
  expect(() => database.exec(`UPDATE images SET hashing = 'md5'`)).toThrow(/CHECK/)
  database.close()
})
