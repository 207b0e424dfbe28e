/** What an import may use of a machine: its memory, and a disk that fills up. */
import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { MIB, catalogProcess, faultOf, useFolder } from './catalog.fixture.ts'
import { openCatalog } from './catalog.ts'

const MEMORY_MIB = 256

const bench = useFolder()

/** Peak memory of a process of its own that imports the file, MiB. */
function importPeakMib(path: string): number {
  const lines = `
    await catalog.importFile(${JSON.stringify(path)})
    console.log(process.resourceUsage().maxRSS / 1024)`
  const args = catalogProcess(bench.path('catalog'), lines)
  const said = execFileSync(process.execPath, args, { encoding: 'utf8' })
  return Number(said)
}

describe('memory', () => {
  test('a sparse image of 2 GiB stays inside 256 MiB', { timeout: 120_000 }, () => {
    const path = bench.file('sparse.img', randomBytes(8 * MIB))
    truncateSync(path, 2048 * MIB)
    expect(importPeakMib(path)).toBeLessThan(MEMORY_MIB)
  })

  test('so does one packed by xz with its largest dictionary', { timeout: 120_000 }, () => {
    const path = bench.path('packed.img')
    // Longer than the dictionary, so that all of it is used. xz takes half a second for each MiB of noise, with the
    // least search: there is as much of it as is under way at once, and it comes when the dictionary is full.
    const chunks = Array.from({ length: 72 }, (_, i) =>
      i < 64 ? Buffer.alloc(MIB, `text ${i} that repeats `) : randomBytes(MIB),
    )
    writeFileSync(path, Buffer.concat(chunks))
    execFileSync('xz', ['-T1', '--lzma2=preset=0,dict=64MiB,depth=1', path])
    expect(importPeakMib(`${path}.xz`)).toBeLessThan(MEMORY_MIB)
  })
})

/** A small file system of our own; only root may mount one. */
function withSmallDisk<T>(sizeMib: number, use: (path: string) => Promise<T>): Promise<T> {
  const path = bench.path('disk')
  mkdirSync(path)
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMib}m`, 'tmpfs', path])
  return use(path).finally(() => execFileSync('umount', ['-l', path]))
}

const canMount =
  process.getuid?.() === 0 &&
  spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'x', '/mnt']).status === 0

describe.skipIf(!canMount)('a full disk (needs root to mount one)', () => {
  test('is refused before anything is written when the image cannot fit', async () => {
    const path = bench.file('large.img', randomBytes(100 * MIB))
    await withSmallDisk(64, async disk => {
      const catalog = openCatalog(join(disk, 'catalog'))
      const { code, message } = await faultOf(catalog.importFile(path))
      expect(code).toBe('disk/full')
      expect(message).toMatch(/ free and about \d+ MB are needed: free some space/)
      catalog.close()
    })
  })

  test(
    'in the middle of an import ends it cleanly and keeps what was there',
    { timeout: 60_000 },
    async () => {
      const small = bench.file('small.img', randomBytes(4 * MIB))
      // zstd sees that the chunks are nearly alike, packing one by one does not; the check beforehand lets it pass.
      const noise = randomBytes(MIB)
      const parts = Array.from({ length: 64 }, (_, i) => {
        const part = Buffer.from(noise)
        part[0] = i
        return part
      })
      const large = bench.file('large.img', Buffer.concat(parts))
      execFileSync('zstd', ['-q', large])
      await withSmallDisk(64, async disk => {
        const catalog = openCatalog(join(disk, 'catalog'))
        const { image } = await catalog.importFile(small)
        const fault = await faultOf(catalog.importFile(`${large}.zst`))
        expect(fault).toMatchObject({ code: 'disk/full', neededBytes: null })
        expect(fault.message).toMatch(
          /is full .* free some space and try again; nothing incomplete was kept/,
        )
        expect(catalog.list()).toHaveLength(1)
        expect(readdirSync(join(disk, 'catalog', 'packs'))).toHaveLength(1)
        expect((await catalog.verify(image.id)).isIntact).toBe(true)
        const out = await catalog.exportTo(image.id, join(disk, 'out.img'))
        expect(out.bytes).toBe(4 * MIB)
        catalog.close()
      })
    },
  )

  test('that is full to the last byte is a clean fault too', { timeout: 60_000 }, async () => {
    await withSmallDisk(40, async disk => {
      const catalog = openCatalog(join(disk, 'catalog'))
      const path = bench.file('a.img', randomBytes(8 * MIB))
      const { image } = await catalog.importFile(path)
      const fill = spawnSync('dd', ['if=/dev/zero', `of=${join(disk, 'fill')}`, 'bs=1M'])
      expect(fill.status).not.toBe(0)
      const other = bench.file('b.img', randomBytes(MIB))
      const out = join(disk, 'out')
      expect((await faultOf(catalog.importFile(other))).code).toBe('disk/full')
      expect((await faultOf(catalog.exportTo(image.id, out))).code).toBe('disk/full')
      expect((await faultOf(catalog.importFile(path))).code).toBe('disk/full')
      rmSync(join(disk, 'fill'))
      expect(catalog.list().map(one => one.name)).toEqual(['a'])
      catalog.close()
      const again = openCatalog(join(disk, 'catalog'))
      expect(readdirSync(join(disk, 'catalog', 'packs'))).toHaveLength(1)
      expect(readdirSync(join(disk, 'catalog', 'imports'))).toEqual([])
      again.close()
    })
  })
})
