/** The catalog on real files in temporary folders. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { identityBytes } from '../../../shared/protocol/manifest.ts'
import { MIB, faultOf, sampleImage, useCatalog } from './catalog.fixture.ts'
import { defaultCatalogDirectory, openCatalog } from './catalog.ts'
import type { ImportProgress } from './catalog.ts'

const bench = useCatalog()

describe('import', () => {
  test('stores neither zeros nor what repeats, and gives every byte back', async () => {
    const content = sampleImage()
    const { image, isDuplicate, newStoredBytes } = await bench.catalog.importFile(
      bench.file('pc one.img', content),
    )
    expect(isDuplicate).toBe(false)
    expect(image).toMatchObject({
      name: 'pc one',
      sourceName: 'pc one.img',
      imageBytes: content.length,
      zeroBytes: 2 * MIB,
      storedBytes: newStoredBytes,
    })
    expect(newStoredBytes).toBeGreaterThan(1.25 * MIB - 1)
    expect(newStoredBytes).toBeLessThan(1.3 * MIB)
    const { manifest, packPaths, offsetBytes } = bench.catalog.layout(image.id)
    expect(manifest.hashing).toBe('blake3')
    expect([...manifest.positions]).toEqual([0, 1, 0xffff_ffff, 0xffff_ffff, 0, 2])
    expect([...manifest.encodings]).toEqual([0, 1, 0])
    expect(packPaths.map(path => statSync(path).size)).toEqual([newStoredBytes])
    expect(offsetBytes[1]).toBe(MIB)
    expect(image.id).toBe(createHash('sha256').update(identityBytes(manifest)).digest('hex'))

    const out = bench.path('out.img')
    await bench.catalog.exportTo(image.id, out)
    expect(readFileSync(out).equals(content)).toBe(true)
    expect(readdirSync(bench.path()).filter(name => name.includes('.part'))).toEqual([])
    expect(await bench.catalog.verify(image.id)).toEqual({
      isIntact: true,
      sha256Hex: createHash('sha256').update(content).digest('hex'),
      faults: [],
    })
    expect(bench.catalog.find(image.id)).toMatchObject({ isIntact: true })
  })

  test('an image of zeros alone is an image', async () => {
    const { image, newStoredBytes } = await bench.catalog.importFile(
      bench.file('zero.img', Buffer.alloc(3 * MIB + 5)),
    )
    expect(newStoredBytes).toBe(0)
    expect(image.zeroBytes).toBe(3 * MIB + 5)
    const out = bench.path('out')
    await bench.catalog.exportTo(image.id, out)
    expect(readFileSync(out).equals(Buffer.alloc(3 * MIB + 5))).toBe(true)
  })

  test('the same content again, even packed otherwise, is noticed', async () => {
    const content = sampleImage()
    const first = await bench.catalog.importFile(bench.file('a.img', content))
    const again = await bench.catalog.importFile(bench.file('b.img.gz', gzipSync(content)))
    expect(again).toMatchObject({
      isDuplicate: true,
      newStoredBytes: 0,
      image: { name: 'a', id: first.image.id },
    })
    expect(bench.catalog.list()).toHaveLength(1)
  })

  test('two catalogs open on one folder import the same content at once without harm', async () => {
    const other = openCatalog(bench.catalog.directory)
    const content = randomBytes(24 * MIB)
    const paths = [bench.file('a.img', content), bench.file('b.img', content)]
    const results = await Promise.all([
      bench.catalog.importFile(paths[0] ?? ''),
      other.importFile(paths[1] ?? ''),
    ])
    expect(results.filter(result => result.isDuplicate)).toHaveLength(1)
    expect(other.list()).toEqual(bench.catalog.list())
    expect((await other.verify(results[0]?.image.id ?? '')).isIntact).toBe(true)
    other.close()
  })

  test('tells progress, and how long it will take', async () => {
    const seen: ImportProgress[] = []
    const content = randomBytes(8 * MIB)
    await bench.catalog.importFile(bench.file('a.img', content), {
      onProgress: progress => seen.push(progress),
    })
    expect(seen.at(-1)).toMatchObject({
      phase: 'finishing',
      sourceDoneBytes: content.length,
      sourceTotalBytes: content.length,
      imageDoneBytes: content.length,
    })
  })

  test('a cancelled one leaves nothing', async () => {
    const path = bench.file('large.img', randomBytes(128 * MIB))
    const cancel = new AbortController()
    const work = bench.catalog.importFile(path, {
      signal: cancel.signal,
      onProgress: () => cancel.abort(),
    })
    expect((await faultOf(work)).code).toBe('image/cancelled')
    bench.expectNothingKept()
  })
})

describe('records', () => {
  test('are found by identity, its beginning, or name', async () => {
    const { image } = await bench.catalog.importFile(bench.file('a.img', randomBytes(1000)), {
      name: 'Win 11',
    })
    await bench.catalog.importFile(bench.file('b.img', randomBytes(1000)), { name: 'twin' })
    await bench.catalog.importFile(bench.file('c.img', randomBytes(1000)), { name: 'twin' })
    expect(bench.catalog.find('Win 11').id).toBe(image.id)
    expect(bench.catalog.find(image.id.slice(0, 8)).name).toBe('Win 11')
    expect(() => bench.catalog.find('twin')).toThrow(/fits 2 images/)
    expect(() => bench.catalog.find('nothing')).toThrow(/No image is called "nothing"/)
  })

  test('keep name and notes, and tell who listens, also from another process', async () => {
    const { image } = await bench.catalog.importFile(bench.file('a.img', randomBytes(1000)))
    const other = openCatalog(bench.catalog.directory)
    let told = 0
    const stop = other.onChange(() => told++)
    bench.catalog.rename(image.id, ' bench 1 ')
    bench.catalog.setNotes(image.id, 'with drivers')
    expect(other.find('bench 1').notes).toBe('with drivers')
    await expect.poll(() => told, { timeout: 5_000 }).toBeGreaterThan(0)
    stop()
    expect(() => bench.catalog.rename(image.id, '  ')).toThrow(/needs a name/)
    other.close()
  })

  test('deleting frees packs that nobody uses, keeps shared ones, and spares an open session', async () => {
    const shared = randomBytes(2 * MIB)
    const first = await bench.catalog.importFile(bench.file('a.img', shared))
    const second = await bench.catalog.importFile(
      bench.file('b.img', Buffer.concat([shared, randomBytes(MIB)])),
    )
    expect(second.newStoredBytes).toBe(MIB)
    expect(bench.packFiles()).toHaveLength(2)
    bench.catalog.database
      .prepare(
        `INSERT INTO sessions (id, image_id, name, nic, plan_json, state, group_address, port, created_at_ms)
         VALUES ('s', ?, 'Room 4', 'eth0', '{}', 'open', '239.255.64.1', 63000, 0)`,
      )
      .run(first.image.id)
    expect(() => bench.catalog.remove(first.image.id)).toThrow(
      /"a" is used by the session "Room 4"/,
    )
    bench.catalog.database.prepare(`UPDATE sessions SET state = 'ended'`).run()
    expect(bench.catalog.remove(first.image.id)).toEqual({ freedBytes: 0 })
    expect((await bench.catalog.verify(second.image.id)).isIntact).toBe(true)
    expect(bench.catalog.remove(second.image.id)).toEqual({ freedBytes: 3 * MIB })
    bench.expectNothingKept()
  })
})

describe('closing', () => {
  test('in the instant an import has finished still tells its image', async () => {
    const other = openCatalog(bench.catalog.directory)
    const closing = openCatalog(bench.catalog.directory)
    let isClosed = false
    let toldAfterwards = 0
    closing.onChange(() => {
      if (isClosed) toldAfterwards++
    })
    const work = closing.importFile(bench.file('a.img', sampleImage()))
    // The row is there before the thread has ended and told so.
    while (other.list().length === 0) await new Promise(resolve => setImmediate(resolve))
    closing.close()
    isClosed = true
    const { image, isDuplicate } = await work
    expect({ ...image, isDuplicate }).toEqual({ ...other.find('a'), isDuplicate: false })
    expect(toldAfterwards).toBe(0)
    other.close()
  })

  test('cancels an import under way, which leaves nothing', async () => {
    const closing = openCatalog(bench.catalog.directory)
    const path = bench.file('large.img', randomBytes(64 * MIB))
    const onProgress = once(() => closing.close())
    expect((await faultOf(closing.importFile(path, { onProgress }))).code).toBe('image/cancelled')
    bench.expectNothingKept()
  })
})

test('a change while another program holds the catalog says that it is busy', async () => {
  const { image } = await bench.catalog.importFile(bench.file('a.img', randomBytes(1000)))
  const other = openCatalog(bench.catalog.directory)
  other.database.exec('BEGIN IMMEDIATE')
  bench.catalog.database.pragma('busy_timeout = 0') // Otherwise it waits its turn, some seconds.
  for (const change of [
    () => bench.catalog.rename(image.id, 'b'),
    () => bench.catalog.setNotes(image.id, 'b'),
    () => bench.catalog.remove(image.id),
  ]) {
    const { code, message } = await faultOf(change)
    expect(code).toBe('catalog/busy')
    expect(message).toMatch(/is busy in another program: wait/)
  }
  other.database.exec('ROLLBACK')
  other.close()
  expect(bench.catalog.find('a')).toEqual(image)
})

describe('opening', () => {
  test('a catalog of a newer Benchcast, and a folder that is none, are refused', () => {
    const newer = openCatalog(bench.path('newer'))
    newer.database.pragma('user_version = 99')
    newer.close()
    expect(() => openCatalog(bench.path('newer'))).toThrow(/made by a newer Benchcast/)
    const broken = bench.path('broken')
    mkdirSync(broken)
    bench.file('broken/catalog.db', 'this is not a database at all, not even nearly so long')
    expect(() => openCatalog(broken)).toThrow(/catalog\.db is not a database/)
    expect(() => openCatalog(bench.file('plain', Buffer.from('x')))).toThrow(/cannot be opened/)
  })
})

describe('the default folder', () => {
  const before = process.env['XDG_DATA_HOME']
  afterEach(() => {
    if (before === undefined) delete process.env['XDG_DATA_HOME']
    else process.env['XDG_DATA_HOME'] = before
  })

  test.skipIf(process.platform === 'win32')('follows XDG_DATA_HOME when that is absolute', () => {
    process.env['XDG_DATA_HOME'] = '/data/mine'
    expect(defaultCatalogDirectory()).toBe('/data/mine/benchcast')
    process.env['XDG_DATA_HOME'] = 'relative'
    expect(defaultCatalogDirectory()).toMatch(/\.local\/share\/benchcast$/)
  })
})

function once(work: () => void): () => void {
  let isDone = false
  return () => {
    if (!isDone) work()
    isDone = true
  }
}
