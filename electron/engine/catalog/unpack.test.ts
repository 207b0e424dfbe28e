/** Decompressors against the common tools' output: whole, cut at each byte, and spoilt. */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { useFolder } from './catalog.fixture.ts'
import { CatalogError } from './catalogFault.ts'
import { detectFormat } from './source.ts'
import { unpack } from './unpack.ts'
import type { PackedFormat } from './unpack.ts'
import { FrameWalk } from './zstd.ts'

const bench = useFolder()

async function unpacked(format: PackedFormat, bytes: Uint8Array): Promise<Buffer> {
  const path = bench.file('packed', bytes)
  const handle = await open(path)
  const parts: Buffer[] = []
  try {
    for await (const part of unpack(handle, path, format).content) parts.push(Buffer.from(part))
  } finally {
    await handle.close()
  }
  return Buffer.concat(parts)
}

function pack(
  format: Exclude<PackedFormat, 'zip'>,
  content: Uint8Array,
  ...options: string[]
): Buffer {
  return execFileSync(format === 'zstd' ? 'zstd' : format, ['-c', ...options], {
    input: content,
    maxBuffer: 2 ** 28,
  })
}

const formats = ['gzip', 'xz', 'bzip2', 'zstd'] as const
const small = Buffer.concat([
  Buffer.from('Benchcast images many machines at once. '.repeat(8)),
  Buffer.alloc(300),
])

for (const format of formats) {
  describe(format, () => {
    test('cut at each byte is refused with a fault, never taken for whole', async () => {
      const bytes = Buffer.concat([pack(format, Buffer.from('first member ')), pack(format, small)])
      const boundary = pack(format, Buffer.from('first member ')).length
      for (let length = 1; length < bytes.length; length++) {
        // Between two members a file is whole: nothing tells that another should follow.
        if (length === boundary) continue
        const thrown = await unpacked(format, bytes.subarray(0, length)).catch(
          (error: unknown) => error,
        )
        expect(thrown, `cut at ${length}`).toBeInstanceOf(CatalogError)
        expect((thrown as CatalogError).fault.code).toMatch(/^image\/(truncated|corrupt)$/)
      }
      expect((await unpacked(format, bytes)).toString()).toBe(`first member ${small.toString()}`)
    })

    test('with any byte changed gives a fault or the same content', async () => {
      const bytes = pack(format, small)
      for (let at = 0; at < bytes.length; at++) {
        const spoilt = Buffer.from(bytes)
        spoilt[at] = (spoilt[at] ?? 0) ^ (1 << (at % 8))
        const got = await unpacked(format, spoilt).catch((error: unknown) => error)
        if (got instanceof Buffer) {
          // A frame turned skippable, or without its checksum, is another legal file: RFC 8878 has no defence.
          const isHeader = format === 'zstd' && at < 6
          if (!isHeader) expect(got.equals(small), `byte ${at}`).toBe(true)
        } else expect(got, `byte ${at}`).toBeInstanceOf(CatalogError)
      }
    })

    test('is told by its content', () => {
      expect(detectFormat(pack(format, small))).toBe(format)
      expect(detectFormat(pack(format, Buffer.alloc(0)))).toBe(format)
    })
  })
}

describe('bzip2', () => {
  const contents: readonly [string, Buffer][] = [
    ['nothing', Buffer.alloc(0)],
    ['one byte', Buffer.from('x')],
    ['one byte very often', Buffer.alloc(3_000_000, 7)],
    [
      'runs around the limits of four and 255',
      Buffer.concat([3, 4, 5, 255, 258, 259, 260, 600].map((n, i) => Buffer.alloc(n, i))),
    ],
    ['random bytes over several blocks', randomBytes(1_000_000)],
    ['every byte value', Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 37) & 255))],
    ['text', Buffer.from('to be or not to be, that is the question. '.repeat(60_000))],
  ]
  for (const [what, content] of contents) {
    test(`unpacks ${what}, at the smallest and largest block size`, async () => {
      for (const level of ['-1', '-9']) {
        expect((await unpacked('bzip2', pack('bzip2', content, level))).equals(content)).toBe(true)
      }
    })
  }

  test('takes zeros behind the end for padding', async () => {
    const padded = Buffer.concat([pack('bzip2', small), Buffer.alloc(512)])
    expect((await unpacked('bzip2', padded)).equals(small)).toBe(true)
  })
})

describe('xz', () => {
  test('with filters, another checksum, and padding between streams', async () => {
    const parts = [
      pack('xz', small, '--x86', '--lzma2=preset=1'),
      Buffer.alloc(8),
      pack('xz', small, '--check=sha256'),
      pack('xz', small, '--check=none'),
    ]
    expect((await unpacked('xz', Buffer.concat(parts))).length).toBe(3 * small.length)
  })
})

describe('zstd', () => {
  test('frames are found however the bytes are split, skippable ones left out', async () => {
    const skippable = Buffer.from('5a2a4d1803000000abcdef', 'hex')
    const frames = [
      pack('zstd', small),
      skippable,
      pack('zstd', randomBytes(300_000), '--no-check'),
    ]
    const bytes = Buffer.concat(frames)
    for (const step of [1, 2, 7, 4096, bytes.length]) {
      const ends: number[] = []
      let frame = new FrameWalk()
      for (let at = 0; at < bytes.length;) {
        at += frame.walk(bytes.subarray(at, at + step))
        if (!frame.isDone) continue
        ends.push(at)
        frame = new FrameWalk()
      }
      const lengths = frames.map(one => one.length)
      expect(ends).toEqual(lengths.map((_, i) => lengths.slice(0, i + 1).reduce((a, b) => a + b)))
    }
    expect((await unpacked('zstd', bytes)).length).toBe(small.length + 300_000)
  })

  test('many small frames, as parallel and seekable packers write them', async () => {
    const content = randomBytes(400_000)
    const frames = Array.from({ length: 40 }, (_, i) =>
      pack('zstd', content.subarray(i * 10_000, (i + 1) * 10_000)),
    )
    expect((await unpacked('zstd', Buffer.concat(frames))).equals(content)).toBe(true)
  })
})
