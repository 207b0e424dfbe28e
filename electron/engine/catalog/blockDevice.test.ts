/** Disks as source and target: loop devices over files, which only root on Linux can have. */
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { MIB, attachDisk, faultOf, sampleImage, useCatalog } from './catalog.fixture.ts'
import type { TestDisk } from './catalog.fixture.ts'

const bench = useCatalog()
const WITHOUT_DISKS = 'needs root on Linux, and loop devices'

/** A disk with this on it, until the work is done. */
async function withDisk(
  content: Uint8Array,
  work: (disk: TestDisk) => Promise<void>,
): Promise<boolean> {
  const disk = attachDisk(bench.file('backing', content))
  if (!disk) return false
  try {
    await work(disk)
  } finally {
    disk.detach()
  }
  return true
}

test('a whole disk is imported, and the size is the disk’s', async context => {
  const content = sampleImage()
  const isRun = await withDisk(content, async disk => {
    const { image } = await bench.catalog.importFile(disk.path, { name: 'bench disk' })
    expect(image).toMatchObject({ name: 'bench disk', imageBytes: content.length })
    const { sha256Hex } = await bench.catalog.verify(image.id)
    expect(sha256Hex).toBe(createHash('sha256').update(content).digest('hex'))
  })
  if (!isRun) context.skip(WITHOUT_DISKS)
})

test('a dirty disk ends equal to the image, zeros included, and untouched behind it', async context => {
  const content = sampleImage()
  const dirt = randomBytes(8 * MIB)
  const { image } = await bench.catalog.importFile(bench.file('a.img', content))
  const isRun = await withDisk(dirt, async disk => {
    await bench.catalog.exportTo(image.id, disk.path)
    const written = readFileSync(disk.path)
    expect(written.subarray(0, content.length).equals(content)).toBe(true)
    expect(written.subarray(content.length).equals(dirt.subarray(content.length))).toBe(true)
  })
  if (!isRun) context.skip(WITHOUT_DISKS)
})

test('a disk one sector too small is refused before the first write', async context => {
  const content = sampleImage()
  const dirt = randomBytes(content.length - 512)
  const { image } = await bench.catalog.importFile(bench.file('a.img', content))
  const isRun = await withDisk(dirt, async disk => {
    const fault = await faultOf(bench.catalog.exportTo(image.id, disk.path))
    const sizes = { sizeBytes: dirt.length, neededBytes: content.length }
    expect(fault).toMatchObject({ code: 'disk/too-small', path: disk.path, ...sizes })
    expect(fault.message).toMatch(/use a larger disk/)
    expect(readFileSync(disk.path).equals(dirt)).toBe(true)
  })
  if (!isRun) context.skip(WITHOUT_DISKS)
})
