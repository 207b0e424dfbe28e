/** What images of a real catalog hold: looked at as they come in, and later where they came in before that was done. */
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { faultOf, MIB, sampleImage, useCatalog } from './catalog.fixture.ts'
import { openImageDisk } from './imageDisk.ts'

const bench = useCatalog()

const vector = (name: string): string =>
  path.join(import.meta.dirname, 'content', 'vectors', `${name}.img.zst`)
const windows = { system: 'windows', words: 'Windows, NTFS' }
const linux = { system: 'linux', words: 'Linux (Debian 12), ext4' }

/** As a program without this table left the catalog. */
const forget = (): void => void bench.catalog.database.exec('DELETE FROM contents')
const contents = (): unknown[] => bench.catalog.list().map(image => image.content)

function dataOf(imageId: string): { key: number; imageBytes: number } {
  return bench.catalog.database
    .prepare<[string], { key: number; imageBytes: number }>(
      'SELECT key, image_bytes AS imageBytes FROM images WHERE id = ?',
    )
    .get(imageId)!
}

test('an image is known as it comes in, and no image is like a disk of noise', async () => {
  const { image } = await bench.catalog.importFile(vector('windows'))
  expect(image.content).toEqual(windows)
  await bench.catalog.importFile(vector('linux'))
  await bench.catalog.importFile(bench.file('noise.img', randomBytes(MIB)))
  expect(contents()).toEqual([{ system: 'unknown', words: 'Unknown content' }, linux, windows])
})

test('images from before are looked at once, all of them, and listeners hear of it', async () => {
  for (const name of ['windows', 'linux']) await bench.catalog.importFile(vector(name))
  forget()
  expect(contents()).toEqual([null, null])
  let told = 0
  const stop = bench.catalog.onChange(() => told++)
  await bench.catalog.identify()
  expect(contents()).toEqual([linux, windows])
  expect(told).toBe(1)
  await bench.catalog.identify()
  expect(told).toBe(1)
  stop()
})

test('what an earlier detector said is looked at again', async () => {
  await bench.catalog.importFile(vector('linux'))
  bench.catalog.database.exec(`UPDATE contents SET detector = 0, system = 'data', words = 'Data'`)
  await bench.catalog.identify()
  expect(contents()).toEqual([linux])
})

test('an import goes on while others are looked at, and its image may go meanwhile', async () => {
  const { image } = await bench.catalog.importFile(vector('windows'))
  forget()
  const looking = bench.catalog.identify()
  const importing = bench.catalog.importFile(bench.file('a.img', randomBytes(24 * MIB)))
  bench.catalog.remove(image.id)
  await Promise.all([looking, importing])
  expect(contents()).toEqual([{ system: 'unknown', words: 'Unknown content' }])
})

test('a damaged image stays unknown until it is mended', async () => {
  const { image } = await bench.catalog.importFile(vector('windows'))
  forget()
  const { packPaths } = bench.catalog.layout(image.id)
  for (const pack of packPaths) {
    const bytes = readFileSync(pack)
    writeFileSync(
      pack,
      bytes.map(byte => byte ^ 1),
    )
  }
  await bench.catalog.identify()
  expect(contents()).toEqual([null])
  expect((await bench.catalog.verify(image.id)).isIntact).toBe(false)
  await bench.catalog.importFile(vector('windows'))
  await bench.catalog.identify()
  expect(contents()).toEqual([windows])
})

test('looking ends when it is not wanted any more', async () => {
  await bench.catalog.importFile(vector('windows'))
  forget()
  expect((await faultOf(bench.catalog.identify(AbortSignal.abort()))).code).toBe('image/cancelled')
  expect(contents()).toEqual([null])
})

test('an image is read at any place, across its chunks, and not behind its end', async () => {
  const content = sampleImage()
  const { image } = await bench.catalog.importFile(bench.file('a.img', content))
  const { database, directory } = bench.catalog
  const disk = openImageDisk(database, directory, dataOf(image.id))
  expect(disk.sizeBytes).toBe(content.length)
  for (const [at, length] of [
    [0, 512],
    [MIB - 100, 200],
    [2 * MIB - 1, 2],
    [MIB / 2, MIB],
    [4 * MIB - 7, 4096],
    [content.length - 5, 5],
  ] as const) {
    const wanted = content.subarray(at, at + length)
    expect(wanted.equals((await disk.read(at, length)) ?? Buffer.alloc(0)), `at ${at}`).toBe(true)
  }
  for (const [at, length] of [
    [content.length - 5, 6],
    [-1, 2],
    [0, 0],
    [0.5, 2],
    [0, MIB + 1],
    [Number.MAX_VALUE, 1],
    [Number.NaN, 1],
  ] as const) {
    expect(await disk.read(at, length), `at ${at}`).toBeNull()
  }
  expect(disk.isSound()).toBe(true)
  await disk.close()
})

test('of an image that leads from end to end only so much is unpacked', async () => {
  const { image } = await bench.catalog.importFile(bench.file('a.img', randomBytes(MIB)))
  const { database, directory } = bench.catalog
  const { key } = dataOf(image.id)
  database.exec(
    `WITH RECURSIVE at (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM at WHERE n < 600)
     INSERT INTO positions SELECT image_key, n, chunk_key FROM positions, at`,
  )
  const disk = openImageDisk(database, directory, { key, imageBytes: 601 * MIB })
  let found = 0
  for (let position = 0; position < 601; position++) {
    if (await disk.read(position * MIB, 16)) found++
  }
  expect(found).toBe(512)
  expect(disk.isSound()).toBe(true)
  await disk.close()
})
