/** Damage in the packs of a real catalog. */
import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { MIB, faultOf, sampleImage, useCatalog } from './catalog.fixture.ts'

const bench = useCatalog()

test('a flipped byte in a pack is found, named, never exported, and mended by importing again', async () => {
  const content = sampleImage()
  const source = bench.file('a.img', content)
  const { image } = await bench.catalog.importFile(source)
  const [pack = ''] = bench.catalog.layout(image.id).packPaths
  const bytes = readFileSync(pack)
  bytes[MIB + 100] = (bytes[MIB + 100] ?? 0) ^ 1
  writeFileSync(pack, bytes)
  const result = await bench.catalog.verify(image.id)
  expect(result).toMatchObject({ isIntact: false, sha256Hex: null })
  expect(result.faults).toMatchObject([{ offsetBytes: MIB, packPath: pack, packOffsetBytes: MIB }])
  expect(bench.catalog.find('a').isIntact).toBe(false)
  const out = bench.path('out.img')
  const { code, message } = await faultOf(bench.catalog.exportTo(image.id, out))
  expect(code).toBe('image/damaged')
  expect(message).toContain(`at byte ${MIB}`)
  expect(existsSync(out)).toBe(false)

  const again = await bench.catalog.importFile(source)
  expect(again.isDuplicate).toBe(true)
  expect(again.newStoredBytes).toBeGreaterThan(0)
  expect((await bench.catalog.verify(image.id)).isIntact).toBe(true)
})

test('a short and a missing pack are damage too', async () => {
  const { image } = await bench.catalog.importFile(bench.file('a.img', sampleImage()))
  const [pack = ''] = bench.catalog.layout(image.id).packPaths
  truncateSync(pack, MIB + 10)
  const short = await bench.catalog.verify(image.id)
  expect(short.faults.map(fault => fault.offsetBytes)).toEqual([MIB, 5 * MIB])
  rmSync(pack)
  const missing = await bench.catalog.verify(image.id)
  expect(missing.faults.map(fault => fault.offsetBytes)).toEqual([0, MIB, 4 * MIB, 5 * MIB])
  expect(missing.faults[0]?.reason).toContain('missing')
})
