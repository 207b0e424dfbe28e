/** Where an image's content may be written to. */
import { readFileSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { faultOf, sampleImage, useCatalog } from './catalog.fixture.ts'

const bench = useCatalog()

test('folders, special files and impossible names are refused', async () => {
  const { image } = await bench.catalog.importFile(bench.file('a.img', sampleImage()))
  const refused = async (to: string) => (await faultOf(bench.catalog.exportTo(image.id, to))).code
  expect(await refused(bench.path())).toBe('disk/directory')
  expect(await refused('/dev/null')).toBe('disk/special-file')
  expect(await refused(bench.path('no/where'))).toBe('disk/write-failed')
  expect(await refused(bench.path('n'.repeat(300)))).toBe('disk/write-failed')
  expect(await refused(bench.path('a\0b'))).toBe('disk/write-failed')
})

test('a file is replaced only by a whole one', async () => {
  const content = sampleImage()
  const { image } = await bench.catalog.importFile(bench.file('a.img', content))
  const old = bench.file('old.img', 'old')
  const before = readdirSync(bench.path())
  const cancel = new AbortController()
  const options = { signal: cancel.signal, onProgress: () => cancel.abort() }
  // The first report comes from the midst of writing; where that was the last chunk too, all is written.
  const ended = await bench.catalog.exportTo(image.id, old, options).catch(() => null)
  expect(readFileSync(old).equals(ended ? content : Buffer.from('old'))).toBe(true)
  expect(readdirSync(bench.path())).toEqual(before)

  const fault = await faultOf(bench.catalog.exportTo(image.id, old, { signal: cancel.signal }))
  expect(fault.code).toBe('image/cancelled')
  await bench.catalog.exportTo(image.id, old)
  expect(readFileSync(old).equals(content)).toBe(true)
  expect(readdirSync(bench.path())).toEqual(before)
})
