/** A stream of a real catalog's image. */
import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { faultOf, MIB, sampleImage, useCatalog } from './catalog.fixture.ts'

const bench = useCatalog()

async function read(imageId: string): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of bench.catalog.content(imageId)) parts.push(Buffer.from(part))
  return Buffer.concat(parts)
}

test('an image streams byte for byte, zeros too, and stops at the first damaged chunk', async () => {
  const content = sampleImage()
  const { image } = await bench.catalog.importFile(bench.file('a.img', content))
  expect((await read(image.id)).equals(content)).toBe(true)
  const [pack = ''] = bench.catalog.layout(image.id).packPaths
  const bytes = readFileSync(pack)
  bytes[MIB + 100] = (bytes[MIB + 100] ?? 0) ^ 1
  writeFileSync(pack, bytes)
  const { code, message } = await faultOf(read(image.id))
  expect(code).toBe('image/damaged')
  expect(message).toContain(`at byte ${MIB}`)
})
