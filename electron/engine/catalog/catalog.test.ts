/** The catalog on real files in temporary folders. */
import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { identityBytes } from '../../../shared/protocol/manifest.ts'
import { defaultCatalogDirectory, openCatalog } from './catalog.ts'
import type { Catalog, ImportProgress } from './catalog.ts'

const MIB = 2 ** 20

let folder = ''
let catalog: Catalog

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'benchcast-catalog-'))
  catalog = openCatalog(join(folder, 'catalog'))
})

afterEach(() => {
  catalog.close()
  rmSync(folder, { recursive: true, force: true })
})

function file(name: string, content: Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

/** 5.25 MiB: random, text, zeros, the first chunk again, and a short tail. */
function sample(): Buffer {
  const random = randomBytes(MIB)
  const text = Buffer.alloc(MIB, 'all work and no play makes Jack a dull boy\n')
  return Buffer.concat([random, text, Buffer.alloc(2 * MIB), random, randomBytes(MIB / 4)])
}

function packFiles(of: Catalog = catalog): string[] {
  return readdirSync(join(of.directory, 'packs'))
}

async function faultCode(work: Promise<unknown>): Promise<{ code: string; message: string }> {
  const thrown = await work.then(
    () => null,
    (error: unknown) => error,
  )
  const { fault, message } = thrown as { fault: { code: string }; message: string }
  return { code: fault.code, message }
}

function expectNothingKept(): void {
  expect(catalog.list()).toEqual([])
  expect(packFiles()).toEqual([])
  expect(readdirSync(join(catalog.directory, 'imports'))).toEqual([])
}

describe('import', () => {
  test('stores neither zeros nor what repeats, and gives every byte back', async () => {
    const content = sample()
    const { image, isDuplicate, newStoredBytes } = await catalog.importFile(
      file('pc one.img', content),
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
    const { manifest, packPaths, offsetBytes } = catalog.layout(image.id)
    expect([...manifest.positions]).toEqual([0, 1, 0xffff_ffff, 0xffff_ffff, 0, 2])
    expect([...manifest.encodings]).toEqual([0, 1, 0])
    expect(packPaths.map(path => statSync(path).size)).toEqual([newStoredBytes])
    expect(offsetBytes[1]).toBe(MIB)
    expect(image.id).toBe(createHash('sha256').update(identityBytes(manifest)).digest('hex'))

    const out = join(folder, 'out.img')
    await catalog.exportTo(image.id, out)
    expect(readFileSync(out).equals(content)).toBe(true)
    expect(readdirSync(folder).filter(name => name.includes('.part'))).toEqual([])
    expect(await catalog.verify(image.id)).toEqual({
      isIntact: true,
      sha256Hex: createHash('sha256').update(content).digest('hex'),
      faults: [],
    })
    expect(catalog.find(image.id)).toMatchObject({ isIntact: true })
  })

  test('an image of zeros alone is an image', async () => {
    const { image, newStoredBytes } = await catalog.importFile(
      file('zero.img', Buffer.alloc(3 * MIB + 5)),
    )
    expect(newStoredBytes).toBe(0)
    expect(image.zeroBytes).toBe(3 * MIB + 5)
    const out = join(folder, 'out')
    await catalog.exportTo(image.id, out)
    expect(readFileSync(out).equals(Buffer.alloc(3 * MIB + 5))).toBe(true)
  })

  test('the same content again, even packed otherwise, is noticed', async () => {
    const content = sample()
    const first = await catalog.importFile(file('a.img', content))
    const again = await catalog.importFile(file('b.img.gz', gzipSync(content)))
    expect(again).toMatchObject({
      isDuplicate: true,
      newStoredBytes: 0,
      image: { name: 'a', id: first.image.id },
    })
    expect(catalog.list()).toHaveLength(1)
  })

  test('two catalogs open on one folder import the same content at once without harm', async () => {
    const other = openCatalog(catalog.directory)
    const content = randomBytes(24 * MIB)
    const paths = [file('a.img', content), file('b.img', content)]
    const results = await Promise.all([
      catalog.importFile(paths[0] ?? ''),
      other.importFile(paths[1] ?? ''),
    ])
    expect(results.map(result => result.isDuplicate).toSorted()).toEqual([false, true])
    expect(other.list()).toEqual(catalog.list())
    expect((await other.verify(results[0]?.image.id ?? '')).isIntact).toBe(true)
    other.close()
  })

  test('tells progress, and how long it will take', async () => {
    const seen: ImportProgress[] = []
    const content = randomBytes(8 * MIB)
    await catalog.importFile(file('a.img', content), {
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
    const path = join(folder, 'large.img')
    const one = openSync(path, 'w')
    for (let i = 0; i < 128; i++) writeSync(one, randomBytes(MIB))
    closeSync(one)
    const cancel = new AbortController()
    const work = catalog.importFile(path, {
      signal: cancel.signal,
      onProgress: () => cancel.abort(),
    })
    expect((await faultCode(work)).code).toBe('image/cancelled')
    expectNothingKept()
  })
})

describe('compressed sources', () => {
  const tools: Readonly<Record<string, (path: string) => void>> = {
    gz: path => execFileSync('gzip', ['-k', path]),
    xz: path => execFileSync('xz', ['-k', '-1', path]),
    bz2: path => execFileSync('bzip2', ['-k', path]),
    zst: path => execFileSync('zstd', ['-q', path]),
  }
  for (const [extension, pack] of Object.entries(tools)) {
    test(`.${extension} of several members, cut short, and damaged`, async () => {
      const content = Buffer.concat([sample(), Buffer.alloc(MIB, 'text and more text. ')])
      const first = file('one', content.subarray(0, 3 * MIB + 17))
      const second = file('two', content.subarray(3 * MIB + 17))
      pack(first)
      pack(second)
      const parts = [first, second].map(path => readFileSync(`${path}.${extension}`))
      const whole = Buffer.concat(parts)
      // Cut inside the last member, at its very end, and damaged in its middle.
      for (const bytes of [whole.length - (parts[1]?.length ?? 0) / 2, whole.length - 1]) {
        const cut = file(`cut.img.${extension}`, whole.subarray(0, bytes))
        const { code, message } = await faultCode(catalog.importFile(cut))
        expect(code).toBe('image/truncated')
        expect(message).toContain(`cut.img.${extension}`)
        expectNothingKept()
      }
      const flipped = Buffer.from(whole)
      const at = Math.floor(whole.length - (parts[1]?.length ?? 0) / 2)
      flipped[at] = (flipped[at] ?? 0) ^ 0x10
      const { code } = await faultCode(catalog.importFile(file(`bad.img.${extension}`, flipped)))
      expect(code).toBe('image/corrupt')
      expectNothingKept()

      const { image } = await catalog.importFile(file(`good.img.${extension}`, whole))
      expect(image.name).toBe('good')
      const { sha256Hex } = await catalog.verify(image.id)
      expect(sha256Hex).toBe(createHash('sha256').update(content).digest('hex'))
    })
  }

  test('.zip with exactly one file', async () => {
    const content = sample()
    const disk = file('disk.img', content)
    const more = file('readme.txt', Buffer.from('hello'))
    mkdirSync(join(folder, '__MACOSX'))
    file('__MACOSX/._disk.img', Buffer.from('finder'))
    const zip = (name: string, ...entries: string[]) => {
      const code =
        'import sys,zipfile\nz=zipfile.ZipFile(sys.argv[1],"w",zipfile.ZIP_DEFLATED)\nfor a in sys.argv[2:]: z.write(a,a.split("/",3)[-1])'
      execFileSync('python3', ['-c', code, join(folder, name), ...entries])
      return join(folder, name)
    }
    const two = await faultCode(catalog.importFile(zip('two.zip', disk, more)))
    expect(two.code).toBe('image/zip-entries')
    expect(two.message).toMatch(/two\.zip.*2 files.*import the image/)
    const good = zip('good.zip', disk)
    const bytes = readFileSync(good)
    const cut = await faultCode(catalog.importFile(file('cut.zip', bytes.subarray(0, -9000))))
    expect(cut.code).toBe('image/truncated')
    // The stored checksum, in the central directory: 16 bytes behind its signature.
    const wrong = Buffer.from(bytes)
    const directory = wrong.lastIndexOf(Buffer.from('PK\x01\x02', 'latin1'))
    wrong[directory + 16] = (wrong[directory + 16] ?? 0) ^ 1
    expect((await faultCode(catalog.importFile(file('wrong.zip', wrong)))).code).toBe(
      'image/corrupt',
    )
    expectNothingKept()
    const { image } = await catalog.importFile(good)
    const { sha256Hex } = await catalog.verify(image.id)
    expect(sha256Hex).toBe(createHash('sha256').update(content).digest('hex'))
  })

  test('a zstd window too large for the memory is refused', async () => {
    const path = file('big', randomBytes(MIB))
    execFileSync(
      'zstd',
      ['-q', '--ultra', '-22', '--long=30', '--no-content-size', path, '-o', `${path}.zst`],
      {},
    )
    const stream = execFileSync('sh', ['-c', `zstd -q --long=30 < ${path}`], { maxBuffer: 8 * MIB })
    const { code, message } = await faultCode(catalog.importFile(file('w.img.zst', stream)))
    expect(code).toBe('image/window-too-large')
    expect(message).toContain('unpack it first')
  })
})

describe('sources that are refused, naming file and cause', () => {
  const cases: readonly [string, string, () => string][] = [
    ['a missing file', 'image/file-missing', () => join(folder, 'none.img')],
    ['a folder', 'image/directory', () => folder],
    ['an empty file', 'image/empty', () => file('empty.img', Buffer.alloc(0))],
    ['an empty archive', 'image/empty', () => file('empty.img.gz', gzipSync(Buffer.alloc(0)))],
    [
      'an empty zstd archive',
      'image/empty',
      () => file('empty.img.zst', zstdCompressSync(Buffer.alloc(0))),
    ],
    [
      'a false name',
      'image/not-as-named',
      () => file('false.img.xz', Buffer.from('<html>not found</html>')),
    ],
    [
      'a pipe',
      'image/special-file',
      () => {
        const path = join(folder, 'pipe')
        execFileSync('mkfifo', [path])
        return path
      },
    ],
    ['a character device', 'image/special-file', () => '/dev/null'],
  ]
  for (const [what, expected, make] of cases) {
    test(what, async () => {
      const path = make()
      const { code, message } = await faultCode(catalog.importFile(path))
      expect(code).toBe(expected)
      expect(message).toContain(path)
      expect(message).toMatch(/^[^\n]+: [^\n]+\.$/)
      expectNothingKept()
    })
  }

  test.skipIf(process.getuid?.() === 0 && !existsSync('/usr/bin/setpriv'))(
    'an unreadable file',
    { timeout: 60_000 },
    () => {
      const path = file('secret.img', Buffer.from('secret'))
      chmodSync(path, 0)
      chmodSync(folder, 0o755)
      const home = mkdtempSync(join(tmpdir(), 'benchcast-other-'))
      chmodSync(home, 0o777)
      const script = `
        const { openCatalog } = await import(${JSON.stringify(join(import.meta.dirname, 'catalog.ts'))})
        const catalog = openCatalog(${JSON.stringify(join(home, 'c'))})
        await catalog.importFile(${JSON.stringify(path)}).catch(e => console.log(e.fault.code))
        catalog.close()`
      const node = [process.execPath, '--input-type=module', '-e', script]
      const isRoot = process.getuid?.() === 0
      const command = isRoot ? ['setpriv', '--reuid=65534', '--clear-groups', ...node] : node
      const [program = '', ...args] = command
      const said = execFileSync(program, args, { encoding: 'utf8' })
      rmSync(home, { recursive: true, force: true })
      expect(said.trim()).toBe('image/file-denied')
    },
  )
})

describe('damage', () => {
  test('a flipped byte in a pack is found, named, never exported, and mended by importing again', async () => {
    const content = sample()
    const source = file('a.img', content)
    const { image } = await catalog.importFile(source)
    const [pack = ''] = catalog.layout(image.id).packPaths
    const bytes = readFileSync(pack)
    bytes[MIB + 100] = (bytes[MIB + 100] ?? 0) ^ 1
    writeFileSync(pack, bytes)
    const result = await catalog.verify(image.id)
    expect(result).toMatchObject({ isIntact: false, sha256Hex: null })
    expect(result.faults).toMatchObject([
      { offsetBytes: MIB, packPath: pack, packOffsetBytes: MIB },
    ])
    expect(catalog.find('a').isIntact).toBe(false)
    const out = join(folder, 'out.img')
    const { code, message } = await faultCode(catalog.exportTo(image.id, out))
    expect(code).toBe('image/damaged')
    expect(message).toContain(`at byte ${MIB}`)
    expect(existsSync(out)).toBe(false)

    const again = await catalog.importFile(source)
    expect(again.isDuplicate).toBe(true)
    expect(again.newStoredBytes).toBeGreaterThan(0)
    expect((await catalog.verify(image.id)).isIntact).toBe(true)
  })

  test('a short and a missing pack are damage too', async () => {
    const { image } = await catalog.importFile(file('a.img', sample()))
    const [pack = ''] = catalog.layout(image.id).packPaths
    truncateSync(pack, MIB + 10)
    const short = await catalog.verify(image.id)
    expect(short.faults.map(fault => fault.offsetBytes)).toEqual([MIB, 5 * MIB])
    rmSync(pack)
    const missing = await catalog.verify(image.id)
    expect(missing.faults.map(fault => fault.offsetBytes)).toEqual([0, MIB, 4 * MIB, 5 * MIB])
    expect(missing.faults[0]?.reason).toContain('missing')
  })
})

describe('export', () => {
  test('refuses folders and special files, and replaces a file only when whole', async () => {
    const { image } = await catalog.importFile(file('a.img', sample()))
    expect((await faultCode(catalog.exportTo(image.id, folder))).code).toBe('disk/directory')
    expect((await faultCode(catalog.exportTo(image.id, '/dev/null'))).code).toBe(
      'disk/special-file',
    )
    expect((await faultCode(catalog.exportTo(image.id, join(folder, 'no/where')))).code).toBe(
      'disk/write-failed',
    )
    const old = file('old.img', Buffer.from('old'))
    const cancel = new AbortController()
    cancel.abort()
    expect((await faultCode(catalog.exportTo(image.id, old, { signal: cancel.signal }))).code).toBe(
      'image/cancelled',
    )
    expect(readFileSync(old, 'utf8')).toBe('old')
  })
})

describe('records', () => {
  test('are found by identity, its beginning, or name', async () => {
    const { image } = await catalog.importFile(file('a.img', randomBytes(1000)), { name: 'Win 11' })
    await catalog.importFile(file('b.img', randomBytes(1000)), { name: 'twin' })
    await catalog.importFile(file('c.img', randomBytes(1000)), { name: 'twin' })
    expect(catalog.find('Win 11').id).toBe(image.id)
    expect(catalog.find(image.id.slice(0, 8)).name).toBe('Win 11')
    expect(() => catalog.find('twin')).toThrow(/fits 2 images/)
    expect(() => catalog.find('nothing')).toThrow(/No image is called "nothing"/)
  })

  test('keep name and notes, and tell who listens, also from another process', async () => {
    const { image } = await catalog.importFile(file('a.img', randomBytes(1000)))
    const other = openCatalog(catalog.directory)
    let told = 0
    const stop = other.onChange(() => told++)
    catalog.rename(image.id, ' bench 1 ')
    catalog.setNotes(image.id, 'with drivers')
    expect(other.find('bench 1').notes).toBe('with drivers')
    await expect.poll(() => told, { timeout: 5_000 }).toBeGreaterThan(0)
    stop()
    expect(() => catalog.rename(image.id, '  ')).toThrow(/needs a name/)
    other.close()
  })

  test('deleting frees packs that nobody uses, keeps shared ones, and spares an open session', async () => {
    const shared = randomBytes(2 * MIB)
    const first = await catalog.importFile(file('a.img', shared))
    const second = await catalog.importFile(
      file('b.img', Buffer.concat([shared, randomBytes(MIB)])),
    )
    expect(second.newStoredBytes).toBe(MIB)
    expect(packFiles()).toHaveLength(2)
    catalog.database
      .prepare(
        `INSERT INTO sessions (id, image_id, name, nic, plan_json, state, group_address, port, created_at_ms)
         VALUES ('s', ?, 'Room 4', 'eth0', '{}', 'open', '239.255.64.1', 63000, 0)`,
      )
      .run(first.image.id)
    expect(() => catalog.remove(first.image.id)).toThrow(/"a" is used by the session "Room 4"/)
    catalog.database.prepare(`UPDATE sessions SET state = 'ended'`).run()
    expect(catalog.remove(first.image.id)).toEqual({ freedBytes: 0 })
    expect((await catalog.verify(second.image.id)).isIntact).toBe(true)
    expect(catalog.remove(second.image.id)).toEqual({ freedBytes: 3 * MIB })
    expectNothingKept()
  })
})

describe('opening', () => {
  test('a catalog of a newer Benchcast, and a folder that is none, are refused', () => {
    const newer = openCatalog(join(folder, 'newer'))
    newer.database.pragma('user_version = 99')
    newer.close()
    expect(() => openCatalog(join(folder, 'newer'))).toThrow(/made by a newer Benchcast/)
    const broken = join(folder, 'broken')
    mkdirSync(broken)
    writeFileSync(
      join(broken, 'catalog.db'),
      'this is not a database at all, not even nearly so long',
    )
    expect(() => openCatalog(broken)).toThrow(/catalog\.db is not a database/)
    expect(() => openCatalog(file('plain', Buffer.from('x')))).toThrow(/cannot be opened/)
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
