/** An import may die at any moment. Nothing of it may show, and nothing else may suffer. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { MIB, catalogProcess, useFolder } from './catalog.fixture.ts'
import { openCatalog } from './catalog.ts'
import type { Catalog } from './catalog.ts'

const bench = useFolder()
/** As many more with `npm run test:full`. */
const KILLS = process.env['BENCHCAST_TEST_FULL'] === '1' ? 50 : 20
const SEED = 20_260_101

/** mulberry32: small, seeded, good enough to spread moments. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** `begun` resolves with the first chunk read, so that what follows is the import and not the start of a process. */
function startImport(directory: string, path: string) {
  const lines = `
    const onProgress = () => process.stdout.write('.')
    await catalog.importFile(${JSON.stringify(path)}, { onProgress })`
  const child = spawn(process.execPath, catalogProcess(directory, lines), {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const begun = new Promise<void>(resolve => child.stdout.once('data', () => resolve()))
  const ended = new Promise<number | null>(resolve => child.once('exit', code => resolve(code)))
  return { child, begun, ended }
}

function filesOnDisk(directory: string): string[] {
  return [
    ...readdirSync(join(directory, 'packs')),
    ...readdirSync(join(directory, 'imports')),
  ].toSorted()
}

function filesReferenced(catalog: Catalog): string[] {
  const rows = catalog.database.prepare<[], { file: string }>(
    `SELECT DISTINCT file FROM packs JOIN chunks ON pack_key = packs.key JOIN positions ON chunk_key = chunks.key
     JOIN images ON images.key = image_key WHERE id IS NOT NULL ORDER BY file`,
  )
  return rows.all().map(row => row.file)
}

test(
  `killed at ${KILLS} random moments of an import, the catalog opens clean and keeps every finished image`,
  { timeout: 120_000 },
  async () => {
    const directory = bench.path('catalog')
    const random = createRandom(SEED)
    const kept = randomBytes(3 * MIB)
    const keptPath = bench.file('kept.img', kept)
    const first = openCatalog(directory)
    const { image } = await first.importFile(keptPath)
    first.close()

    // Shares chunks with the kept image, so that a careless sweep would take them.
    const path = bench.file(
      'dying.img',
      Buffer.concat([randomBytes(20 * MIB), kept, randomBytes(9 * MIB)]),
    )
    const whole = startImport(directory, path)
    await whole.begun
    const startedAtMs = performance.now()
    expect(await whole.ended).toBe(0)
    const importMs = performance.now() - startedAtMs
    const clean = openCatalog(directory)
    clean.remove(clean.find('dying').id)
    clean.close()

    let half = 0
    for (let kill = 0; kill < KILLS; kill++) {
      const { child, begun, ended } = startImport(directory, path)
      await begun
      await new Promise(resolve => setTimeout(resolve, random() * importMs))
      child.kill('SIGKILL')
      await ended
      if (readdirSync(join(directory, 'imports')).length > 0) half++
      const catalog = openCatalog(directory)
      const names = catalog.list().map(one => one.name)
      expect(names.filter(name => name !== 'dying')).toEqual(['kept'])
      expect(filesOnDisk(directory)).toEqual(filesReferenced(catalog))
      expect(catalog.database.prepare('SELECT 1 FROM images WHERE id IS NULL').all()).toEqual([])
      expect(catalog.database.pragma('integrity_check', { simple: true })).toBe('ok')
      if (kill % 5 === 0 || names.length > 1) {
        expect((await catalog.verify(image.id)).isIntact).toBe(true)
      }
      if (names.length > 1) {
        const { id } = catalog.find('dying')
        expect((await catalog.verify(id)).isIntact).toBe(true)
        catalog.remove(id)
      }
      catalog.close()
    }
    // Otherwise the moments missed the import, and the test proved nothing.
    expect(half).toBeGreaterThan(KILLS / 2)
  },
)

test(
  'opening a catalog beside a living import leaves that import alone',
  { timeout: 60_000 },
  async () => {
    const path = bench.file('a.img', randomBytes(64 * MIB))
    const { begun, ended } = startImport(bench.path('catalog'), path)
    await begun
    let opened = 0
    let isEnded = false
    void ended.then(() => (isEnded = true))
    while (!isEnded) {
      openCatalog(bench.path('catalog')).close()
      opened++
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    expect(await ended).toBe(0)
    expect(opened).toBeGreaterThan(5)
    const catalog = openCatalog(bench.path('catalog'))
    expect((await catalog.verify(catalog.find('a').id)).isIntact).toBe(true)
    catalog.close()
  },
)
