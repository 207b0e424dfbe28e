/** Folders, catalogs and images for the tests of this folder, which write nowhere but below the system's own. */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { afterEach, beforeEach, expect } from 'vitest'
import { CatalogError, openCatalog } from './catalog.ts'
import type { Catalog, CatalogFault } from './catalog.ts'

export const MIB = 2 ** 20

export interface TestFolder {
  /** Absolute. Throws outside a test, so that nothing lands in the working directory. */
  path(name?: string): string
  /** Writes it and tells its path. */
  file(name: string, content: string | Uint8Array): string
}

export interface TestCatalog extends TestFolder {
  readonly catalog: Catalog
  packFiles(): string[]
  expectNothingKept(): void
}

/** A new folder for each test, removed behind it. */
export function useFolder(): TestFolder {
  let folder: string | null = null
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'benchcast-catalog-'))
  })
  afterEach(() => {
    const used = folder
    // A test that outlives its time limit must not find the next one's folder, nor none at all.
    folder = null
    if (used !== null) rmSync(used, { recursive: true, force: true })
  })
  const path = (name = '.') => {
    if (folder === null || !isAbsolute(folder)) throw new Error('no test has a folder now')
    return join(folder, name)
  }
  return {
    path,
    file(name, content) {
      writeFileSync(path(name), content)
      return path(name)
    },
  }
}

/** An empty catalog for each test, in the folder `catalog` of its own folder. */
export function useCatalog(): TestCatalog {
  const folder = useFolder()
  let opened: Catalog | null = null
  beforeEach(() => {
    opened = openCatalog(folder.path('catalog'))
  })
  afterEach(() => {
    opened?.close()
    opened = null
  })
  const catalog = () => {
    if (!opened) throw new Error('no test has a catalog now')
    return opened
  }
  const packFiles = () => readdirSync(join(catalog().directory, 'packs'))
  return {
    ...folder,
    get catalog() {
      return catalog()
    },
    packFiles,
    expectNothingKept() {
      expect(catalog().list()).toEqual([])
      expect(packFiles()).toEqual([])
      expect(readdirSync(join(catalog().directory, 'imports'))).toEqual([])
    },
  }
}

/** 5.25 MiB: random, text, zeros, the first chunk again, and a short tail. */
export function sampleImage(): Buffer {
  const random = randomBytes(MIB)
  const text = Buffer.alloc(MIB, 'all work and no play makes Jack a dull boy\n')
  return Buffer.concat([random, text, Buffer.alloc(2 * MIB), random, randomBytes(MIB / 4)])
}

/** What the work was refused with; anything but a fault of the catalog fails the test. */
export async function faultOf(
  work: Promise<unknown> | (() => unknown),
): Promise<CatalogFault & { readonly message: string }> {
  const begun = typeof work === 'function' ? Promise.resolve().then(work) : work
  const thrown: unknown = await begun.then(
    (value: unknown) => new Error(`expected a fault, got ${JSON.stringify(value)}`),
    (error: unknown) => error,
  )
  if (!(thrown instanceof CatalogError)) throw thrown
  return { ...thrown.fault, message: thrown.message }
}

/** Arguments for Node: a process of its own that opens the catalog, runs the lines and closes it. */
export function catalogProcess(directory: string, lines: string): string[] {
  const script = `
    const { openCatalog } = await import(${JSON.stringify(join(import.meta.dirname, 'catalog.ts'))})
    const catalog = openCatalog(${JSON.stringify(directory)})
    ${lines}
    catalog.close()`
  return ['--input-type=module', '-e', script]
}

export interface TestDisk {
  readonly path: string
  detach(): void
}

/** The file as a disk, for root on Linux; null where there is none to be had. Detach it afterwards. */
export function attachDisk(backing: string): TestDisk | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return null
  try {
    const path = execFileSync('losetup', ['--find', '--show', backing], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
    return { path, detach: () => void execFileSync('losetup', ['--detach', path]) }
  } catch {
    return null // No loop devices in this container.
  }
}
