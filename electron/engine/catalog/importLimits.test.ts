/** What an import may use of a machine: its memory, and a disk that fills up. */
import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CatalogError, openCatalog } from './catalog.ts'

const MIB = 2 ** 20
const MEMORY_MIB = 256

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'benchcast-limits-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** Peak memory of a process of its own that imports the file, MiB. */
function importPeakMib(path: string): number {
  const script = `
    const { openCatalog } = await import(${JSON.stringify(join(import.meta.dirname, 'catalog.ts'))})
    const catalog = openCatalog(${JSON.stringify(join(folder, 'catalog'))})
    await catalog.importFile(${JSON.stringify(path)})
    catalog.close()
    console.log(process.resourceUsage().maxRSS / 1024)`
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  })
  return Number(said)
}

describe('memory', () => {
  test('a sparse image of 2 GiB stays inside 256 MiB', { timeout: 120_000 }, () => {
    const path = join(folder, 'sparse.img')
    writeFileSync(path, randomBytes(8 * MIB))
    truncateSync(path, 2048 * MIB)
    expect(importPeakMib(path)).toBeLessThan(MEMORY_MIB)
  })

  test('so does one packed by xz with its largest dictionary', { timeout: 120_000 }, () => {
    const path = join(folder, 'packed.img')
    const text = Buffer.alloc(MIB, 'text that repeats ')
    writeFileSync(
      path,
      Buffer.concat(Array.from({ length: 96 }, (_, i) => (i % 4 ? text : randomBytes(MIB)))),
    )
    execFileSync('xz', ['-T1', '--lzma2=preset=0,dict=64MiB', path])
    expect(importPeakMib(`${path}.xz`)).toBeLessThan(MEMORY_MIB)
  })
})

/** A small file system of our own; only root may mount one. */
function withSmallDisk<T>(sizeMib: number, use: (path: string) => Promise<T>): Promise<T> {
  const path = join(folder, 'disk')
  mkdirSync(path)
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMib}m`, 'tmpfs', path])
  return use(path).finally(() => execFileSync('umount', ['-l', path]))
}

const canMount =
  process.getuid?.() === 0 &&
  spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'x', '/mnt']).status === 0

describe.skipIf(!canMount)('a full disk (needs root to mount one)', () => {
  test('is refused before anything is written when the image cannot fit', async () => {
    const path = join(folder, 'large.img')
    writeFileSync(path, randomBytes(100 * MIB))
    await withSmallDisk(64, async disk => {
      const catalog = openCatalog(join(disk, 'catalog'))
      const thrown = await catalog.importFile(path).catch((error: unknown) => error)
      expect((thrown as CatalogError).fault).toMatchObject({ code: 'disk/full' })
      expect(String(thrown)).toMatch(/ free and about \d+ MB are needed: free some space/)
      catalog.close()
    })
  })

  test(
    'in the middle of an import ends it cleanly and keeps what was there',
    { timeout: 60_000 },
    async () => {
      const small = join(folder, 'small.img')
      writeFileSync(small, randomBytes(4 * MIB))
      // gzip shrinks this text far more than packing chunk by chunk does; the check beforehand lets it pass.
      const large = join(folder, 'large.img')
      const noise = randomBytes(MIB)
      const parts = Array.from({ length: 64 }, (_, i) => {
        const part = Buffer.from(noise)
        part[0] = i
        return part
      })
      writeFileSync(large, Buffer.concat(parts))
      execFileSync('zstd', ['-q', large])
      await withSmallDisk(64, async disk => {
        const catalog = openCatalog(join(disk, 'catalog'))
        const { image } = await catalog.importFile(small)
        const thrown = await catalog.importFile(`${large}.zst`).catch((error: unknown) => error)
        expect((thrown as CatalogError).fault).toMatchObject({
          code: 'disk/full',
          neededBytes: null,
        })
        expect(String(thrown)).toMatch(
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
      const path = join(folder, 'a.img')
      writeFileSync(path, randomBytes(8 * MIB))
      const { image } = await catalog.importFile(path)
      const fill = spawnSync('dd', ['if=/dev/zero', `of=${join(disk, 'fill')}`, 'bs=1M'])
      expect(fill.status).not.toBe(0)
      const other = join(folder, 'b.img')
      writeFileSync(other, randomBytes(MIB))
      const thrown = await catalog.importFile(other).catch((error: unknown) => error)
      expect((thrown as CatalogError).fault.code).toBe('disk/full')
      const exported = await catalog
        .exportTo(image.id, join(disk, 'out'))
        .catch((error: unknown) => error)
      expect((exported as CatalogError).fault.code).toBe('disk/full')
      expect(await catalog.importFile(path).catch((error: unknown) => error)).toBeInstanceOf(
        CatalogError,
      )
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
