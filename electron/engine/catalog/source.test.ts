/** What an import reads and what it refuses, on real files. */
import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { MAX_IMAGE_BYTES } from '../../../shared/protocol/limits.ts'
import { MIB, catalogProcess, faultOf, sampleImage, useCatalog } from './catalog.fixture.ts'
import { requireSupportedSize } from './importImage.ts'
import { openSource } from './source.ts'

const bench = useCatalog()

describe('compressed sources', () => {
  const tools: Readonly<Record<string, (path: string) => void>> = {
    gz: path => execFileSync('gzip', ['-k', path]),
    xz: path => execFileSync('xz', ['-k', '-1', path]),
    bz2: path => execFileSync('bzip2', ['-k', path]),
    zst: path => execFileSync('zstd', ['-q', path]),
  }
  for (const [extension, pack] of Object.entries(tools)) {
    test(`.${extension} of several members, cut short, and damaged`, async () => {
      const content = Buffer.concat([sampleImage(), Buffer.alloc(MIB, 'text and more text. ')])
      const first = bench.file('one', content.subarray(0, 3 * MIB + 17))
      const second = bench.file('two', content.subarray(3 * MIB + 17))
      pack(first)
      pack(second)
      const parts = [first, second].map(path => readFileSync(`${path}.${extension}`))
      const whole = Buffer.concat(parts)
      // Cut inside the last member, at its very end, and damaged in its middle.
      for (const bytes of [whole.length - (parts[1]?.length ?? 0) / 2, whole.length - 1]) {
        const cut = bench.file(`cut.img.${extension}`, whole.subarray(0, bytes))
        const { code, message } = await faultOf(bench.catalog.importFile(cut))
        expect(code).toBe('image/truncated')
        expect(message).toContain(`cut.img.${extension}`)
        bench.expectNothingKept()
      }
      const flipped = Buffer.from(whole)
      const at = Math.floor(whole.length - (parts[1]?.length ?? 0) / 2)
      flipped[at] = (flipped[at] ?? 0) ^ 0x10
      const { code } = await faultOf(
        bench.catalog.importFile(bench.file(`bad.img.${extension}`, flipped)),
      )
      expect(code).toBe('image/corrupt')
      bench.expectNothingKept()

      const { image } = await bench.catalog.importFile(bench.file(`good.img.${extension}`, whole))
      expect(image.name).toBe('good')
      const { sha256Hex } = await bench.catalog.verify(image.id)
      expect(sha256Hex).toBe(createHash('sha256').update(content).digest('hex'))
    })
  }

  test('a zstd window too large for the memory is refused', async () => {
    const path = bench.file('big', randomBytes(MIB))
    // From a pipe: of a size it does not know, it keeps the window it was told.
    const stream = execFileSync('sh', ['-c', `zstd -q --long=30 < ${path}`], { maxBuffer: 8 * MIB })
    const { code, message } = await faultOf(
      bench.catalog.importFile(bench.file('w.img.zst', stream)),
    )
    expect(code).toBe('image/window-too-large')
    expect(message).toContain('unpack it first')
  })
})

describe('sources that are refused, naming file and cause', () => {
  const cases: readonly [string, string, () => string][] = [
    ['a missing file', 'image/file-missing', () => bench.path('none.img')],
    ['a folder', 'image/directory', () => bench.path()],
    ['an empty file', 'image/empty', () => bench.file('empty.img', Buffer.alloc(0))],
    [
      'an empty archive',
      'image/empty',
      () => bench.file('empty.img.gz', gzipSync(Buffer.alloc(0))),
    ],
    [
      'an empty zstd archive',
      'image/empty',
      () => bench.file('empty.img.zst', zstdCompressSync(Buffer.alloc(0))),
    ],
    [
      'a false name',
      'image/not-as-named',
      () => bench.file('false.img.xz', Buffer.from('<html>not found</html>')),
    ],
    [
      'a pipe',
      'image/special-file',
      () => {
        const path = bench.path('pipe')
        execFileSync('mkfifo', [path])
        return path
      },
    ],
    ['a character device', 'image/special-file', () => '/dev/null'],
  ]
  for (const [what, expected, make] of cases) {
    test(what, async () => {
      const path = make()
      const { code, message } = await faultOf(bench.catalog.importFile(path))
      expect(code).toBe(expected)
      expect(message).toContain(path)
      expect(message).toMatch(/^[^\n]+: [^\n]+\.$/)
      bench.expectNothingKept()
    })
  }

  test.skipIf(process.getuid?.() === 0 && !existsSync('/usr/bin/setpriv'))(
    'an unreadable file',
    { timeout: 60_000 },
    () => {
      const path = bench.file('secret.img', Buffer.from('secret'))
      chmodSync(path, 0)
      chmodSync(bench.path(), 0o755)
      mkdirSync(bench.path('other'))
      chmodSync(bench.path('other'), 0o777)
      const lines = `await catalog.importFile(${JSON.stringify(path)}).catch(e => console.log(e.fault.code))`
      const node = [process.execPath, ...catalogProcess(bench.path('other/c'), lines)]
      const isRoot = process.getuid?.() === 0
      const command = isRoot ? ['setpriv', '--reuid=65534', '--clear-groups', ...node] : node
      const [program = '', ...args] = command
      const said = execFileSync(program, args, { encoding: 'utf8' })
      expect(said.trim()).toBe('image/file-denied')
    },
  )
})

describe('a file that changes while it is read is refused', () => {
  const changes: readonly [string, (path: string) => void][] = [
    ['grown', path => appendFileSync(path, 'more')],
    ['cut short', path => truncateSync(path, 2 * MIB)],
    ['written over', path => utimesSync(path, 1, 1)],
  ]
  for (const [how, change] of changes) {
    test(how, async () => {
      const path = bench.file('growing.img', sampleImage())
      const source = await openSource(path)
      const target = new Uint8Array(MIB)
      expect(await source.read(target)).toBe(MIB)
      change(path)
      const readOn = async () => {
        while ((await source.read(target)) === MIB);
      }
      const { code, message } = await faultOf(readOn())
      await source.close()
      expect(code).toBe('image/source-changed')
      expect(message).toMatch(/growing\.img changed while it was read: wait/)
    })
  }
})

// Linux has a file that opens and refuses to be read: the speed of the loopback card.
const UNREADABLE = '/sys/class/net/lo/speed'

test.skipIf(!existsSync(UNREADABLE))(
  'a file whose disk fails to read names the cause',
  async () => {
    const { code, message } = await faultOf(bench.catalog.importFile(UNREADABLE))
    expect(code).toBe('image/read-failed')
    expect(message).toMatch(/speed could not be read \(.+\): check its disk and try again/)
    bench.expectNothingKept()
  },
)

describe('an image larger than any supported', () => {
  test('is refused at the first byte too many', async () => {
    expect(() => requireSupportedSize('a.img', MAX_IMAGE_BYTES)).not.toThrow()
    const fault = await faultOf(() => requireSupportedSize('a.img', MAX_IMAGE_BYTES + 1))
    expect(fault).toMatchObject({ code: 'image/too-large', limitBytes: MAX_IMAGE_BYTES })
    expect(fault.message).toMatch(/a\.img holds more than 70\.4 TB.*split it/)
  })

  test('is refused before it is read when its size says so', async context => {
    // tmpfs holds sparse files of any size; most other file systems end far below.
    const path = `/dev/shm/benchcast-large-${process.pid}.img`
    try {
      writeFileSync(path, '')
      truncateSync(path, MAX_IMAGE_BYTES + 1)
    } catch {
      rmSync(path, { force: true })
      return context.skip('no file system here holds a file so large')
    }
    const fault = await faultOf(bench.catalog.importFile(path)).finally(() => rmSync(path))
    expect(fault.code).toBe('image/too-large')
    bench.expectNothingKept()
  })
})
