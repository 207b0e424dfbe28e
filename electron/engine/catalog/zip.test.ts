/** Images in .zip files, made by Python's zipfile. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import { faultOf, sampleImage, useCatalog } from './catalog.fixture.ts'

const bench = useCatalog()

/** Offsets behind the signature of a central directory's entry: APPNOTE 4.3.12. */
const ENTRY = { flags: 8, crc32: 16 } as const

/** Packs the files under their own names, folders included. */
function zip(path: string, files: readonly string[], method = 'ZIP_DEFLATED'): string {
  const code = `
import os, sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w", zipfile.${method}) as archive:
  for file in sys.argv[2:]: archive.write(file, os.path.relpath(file, os.path.dirname(sys.argv[1])))`
  execFileSync('python3', ['-c', code, path, ...files], { cwd: dirname(path) })
  return path
}

/** With one bit changed in the directory's entry of its only file. */
function flipped(bytes: Uint8Array, field: keyof typeof ENTRY): Buffer {
  const changed = Buffer.from(bytes)
  const at = changed.lastIndexOf(Buffer.from('PK\x01\x02', 'latin1')) + ENTRY[field]
  changed.writeUInt8(changed.readUInt8(at) ^ 1, at)
  return changed
}

test('the one file of a .zip is imported, whatever else Finder put in', async () => {
  const content = sampleImage()
  const disk = bench.file('disk.img', content)
  mkdirSync(bench.path('__MACOSX'))
  const shadow = bench.file('__MACOSX/._disk.img', 'finder')
  const { image } = await bench.catalog.importFile(zip(bench.path('good.zip'), [disk, shadow]))
  const { sha256Hex } = await bench.catalog.verify(image.id)
  expect(sha256Hex).toBe(createHash('sha256').update(content).digest('hex'))
})

test('a .zip that is cut short or spoilt, or holds several files or none, is refused', async () => {
  const disk = bench.file('disk.img', sampleImage())
  const several = [disk, bench.file('readme.txt', 'hello')]
  const two = await faultOf(bench.catalog.importFile(zip(bench.path('two.zip'), several)))
  expect(two.code).toBe('image/zip-entries')
  expect(two.message).toMatch(/two\.zip.*2 files.*import the image/)
  const none = await faultOf(bench.catalog.importFile(zip(bench.path('none.zip'), [])))
  expect(none).toMatchObject({ code: 'image/zip-entries', count: 0 })

  const bytes = readFileSync(zip(bench.path('good.zip'), [disk]))
  const cut = bench.file('cut.zip', bytes.subarray(0, -9000))
  expect((await faultOf(bench.catalog.importFile(cut))).code).toBe('image/truncated')
  const wrong = bench.file('wrong.zip', flipped(bytes, 'crc32'))
  expect((await faultOf(bench.catalog.importFile(wrong))).code).toBe('image/corrupt')
  bench.expectNothingKept()
})

test('a .zip under a password, or packed by a method of its own, says to unpack it first', async () => {
  const disk = bench.file('disk.img', sampleImage())
  const bytes = readFileSync(zip(bench.path('good.zip'), [disk]))
  const locked = bench.file('locked.zip', flipped(bytes, 'flags'))
  const encrypted = await faultOf(bench.catalog.importFile(locked))
  expect(encrypted.code).toBe('image/zip-encrypted')
  expect(encrypted.message).toMatch(/locked\.zip.*password.*unpack it first/)

  const other = zip(bench.path('other.zip'), [disk], 'ZIP_BZIP2')
  const unsupported = await faultOf(bench.catalog.importFile(other))
  expect(unsupported).toMatchObject({ code: 'image/zip-method', method: 12 })
  expect(unsupported.message).toMatch(/other\.zip.*method 12.*unpack it first/)
  bench.expectNothingKept()
})
